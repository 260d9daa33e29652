// Package talktest plays peers for the tests of the rooms that talk, and keeps
// the records that those rooms write. Programs don't use it.
package talktest
