# A batch study: a database for every torrent in the folder torrents/, and a table
# of the downloads per hour of them all.
#
#   make -f pipelines/study.mk -j 4          # 24 hours each, four at a time
#   BT_FOR=6h make -f pipelines/study.mk -j 4
#
# A torrent that failed is tried again by the next call; finished ones are kept.
SHELL := /bin/bash
.SHELLFLAGS := -euo pipefail -c
.DELETE_ON_ERROR:
here := $(dir $(lastword $(MAKEFILE_LIST)))
export BT_FOR ?= 24h
torrents := $(wildcard torrents/*.torrent)

downloads.tsv: $(torrents:torrents/%.torrent=results/%.db)
	for db in $^; do sqlite3 -separator $$'\t' $$db "SELECT '$$db', hour, downloads FROM downloads_per_hour"; done > $@

results/%.db: torrents/%.torrent
	mkdir -p results && rm -f $@.part*
	. $(here)places.sh; bt-meta $< | bt-listen | bt-peers-tracker | bt-peers-dht | bt-probe -j 512 \
	  | places | bt-confirm | bt-store $@.part
	mv $@.part $@
