// Package announce asks the trackers of many torrents, each as often as it
// allows: every tracker of every tier has its own schedule per torrent and
// address family, is announced to and scraped, and is told at the end that we
// stop.
//
// One loop (Source.Run) owns the plan; goroutines only ask. How many questions
// a tracker's host gets at once and how fast is bounded, so that thousands of
// torrents at one tracker stay polite.
//
// How a question is put is left to pkg/tracker, what addresses are good for to
// those who read the records.
package announce
