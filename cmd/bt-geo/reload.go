package main

import (
	"os"
	"os/signal"
	"syscall"

	"btkit/pkg/cmdline"
	"btkit/pkg/geo"
)

// reloadOnHangup reads the databases again at each SIGHUP, until stop.
func reloadOnHangup(s *cmdline.Session, atlas *geo.Atlas) (stop func()) {
	hangups := make(chan os.Signal, 1) // several at once ask for the same thing
	signal.Notify(hangups, syscall.SIGHUP)
	done := make(chan struct{})
	go func() {
		defer close(done)
		for range hangups {
			if err := atlas.Reload(); err != nil {
				s.Log.Warn(err.Error())
			}
		}
	}()
	return func() {
		signal.Stop(hangups)
		close(hangups)
		<-done
	}
}
