// Package client is the table of how BitTorrent programs treat a visitor that
// neither downloads nor uploads: how long they keep it, whom they refuse, when
// they dial back. The schedule, the conversation and the reading look things up
// here, by peer id or by the name in the extension handshake, so that what is
// special about a program is data.
//
// What a program is called is left to package peerid.
package client
