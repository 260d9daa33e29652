# A batch study: one database per torrent in torrents/, one table of them all.
#
#   make -f study.mk -j 4 HOURS=6
#
# A torrent that failed is tried again by the next call; finished ones are kept.
SHELL  := /bin/bash
.SHELLFLAGS := -euo pipefail -c
HOURS  ?= 24
TORRENTS := $(wildcard torrents/*.torrent)
RESULTS  := $(TORRENTS:torrents/%.torrent=results/%.db)

downloads.tsv: $(RESULTS)
	for db in $^; do sqlite3 -separator $$'\t' $$db "SELECT '$$db', hour, downloads FROM downloads_per_hour"; done > $@

results/%.db: torrents/%.torrent
	mkdir -p results
	BT_FOR=$(HOURS)h bt-meta $< | bt-listen | bt-peers-tracker | bt-peers-dht | bt-probe -j 512 \
	  | bt-geo | bt-confirm | bt-store $@.part
	mv $@.part $@

.DELETE_ON_ERROR:
