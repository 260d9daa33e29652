# btkit. "make demo" and "make test" need Go and make, nothing else.
GO      ?= go
PREFIX  ?= /usr/local
DESTDIR ?=
# Leaves a Markdown engine out of the programs.
TAGS    := urfave_cli_no_docs
FLAGS   := -tags $(TAGS) -trimpath
FUZZTIME ?= 10s
STATICCHECK := honnef.co/go/tools/cmd/staticcheck@v0.8.2

export CGO_ENABLED = 0

.PHONY: help build demo test check lint grease race lab lab-hard interop interop-long interop-tools matrix fuzz bench man install clean

help: ## list the targets
	@grep -hE '^[a-z-]+:.*## ' Makefile | sed 's/:.*## /\t/' | expand -t 14

build: ## build the commands into bin/
	@$(GO) build $(FLAGS) -ldflags='-s -w' -o bin/ ./cmd/...

demo: build ## count the downloads of a lab swarm and compare with the truth
	@pipelines/demo.sh

test: ## run the tests
	$(GO) test $(FLAGS) ./...

check: lint test grease race ## everything that must hold before a commit

lint: ## format, vet and staticcheck
	@test -z "$$(gofmt -l cmd pkg)" || { echo "gofmt these:"; gofmt -l cmd pkg; exit 1; }
	$(GO) vet $(FLAGS) ./...
	$(GO) vet -tags $(TAGS),interop -trimpath ./...
	$(GO) run $(STATICCHECK) -tags $(TAGS) ./...

grease: ## run the tests once more with unknown kinds and members everywhere
	BT_GREASE=1 $(GO) test $(FLAGS) ./...

race: ## run the tests under the race detector; needs a C compiler
	CGO_ENABLED=1 $(GO) test $(FLAGS) -race ./...

lab: build ## the whole pipeline on a swarm of 2,000 peers, compared with the truth
	@pipelines/lab.sh

lab-hard: build ## the same on a swarm with NAT, encryption, uTP and full slots
	@pipelines/lab-hard.sh

interop: build interop-tools ## the whole pipeline on real clients, tracker and DHT
	$(GO) test -tags $(TAGS),interop -trimpath -count=1 -parallel 3 -timeout 20m ./pkg/tracker ./pkg/announce ./pkg/dht ./pkg/lsd ./pkg/geo ./pkg/transport/mse ./pkg/transport/utp ./pkg/interop

interop-long: build interop-tools ## how long real clients hold us and when they dial back, for half an hour
	BT_INTEROP_LONG=1 $(GO) test -tags $(TAGS),interop -trimpath -count=1 -timeout 45m -v -run '^TestMatrix$$' ./pkg/interop

matrix: build interop-tools ## measure real clients anew for testdata/clients.json; BT_INTEROP_LONG=1 takes half an hour
	BT_MATRIX_WRITE=1 $(GO) test -tags $(TAGS),interop -trimpath -count=1 -timeout 45m -v -run '^TestMatrix$$' ./pkg/interop

interop-tools: # Debian packages of the clients, as far as they are missing
	@pkg/interop/install.sh

fuzz: ## fuzz every decoder for FUZZTIME each
	@GO='$(GO)' pkg/house/fuzz.sh $(FUZZTIME)

bench: build ## measure, as ratios in one run
	@GO='$(GO)' pkg/bench/run.sh

man: build ## make the man pages from the commands
	@for c in bin/bt bin/bt-*; do $$c --man > man/$$(basename $$c).1; done
	@bin/bt man > man/bt-record.5
	@bin/bt man clients > man/bt-clients.7

install: build ## install below PREFIX
	install -d $(DESTDIR)$(PREFIX)/bin $(DESTDIR)$(PREFIX)/share/man/man1 $(DESTDIR)$(PREFIX)/share/man/man5 $(DESTDIR)$(PREFIX)/share/man/man7
	install -d $(DESTDIR)$(PREFIX)/share/bash-completion/completions $(DESTDIR)$(PREFIX)/share/zsh/site-functions $(DESTDIR)$(PREFIX)/share/fish/vendor_completions.d
	install -m 755 bin/bt bin/bt-* $(DESTDIR)$(PREFIX)/bin/
	install -m 644 man/*.1 $(DESTDIR)$(PREFIX)/share/man/man1/
	install -m 644 man/*.5 $(DESTDIR)$(PREFIX)/share/man/man5/
	install -m 644 man/*.7 $(DESTDIR)$(PREFIX)/share/man/man7/
	@for c in bin/bt bin/bt-*; do n=$$(basename $$c); \
	  $$c --completion bash > $(DESTDIR)$(PREFIX)/share/bash-completion/completions/$$n; \
	  $$c --completion zsh > $(DESTDIR)$(PREFIX)/share/zsh/site-functions/_$$n; \
	  $$c --completion fish > $(DESTDIR)$(PREFIX)/share/fish/vendor_completions.d/$$n.fish; done

clean: ## remove what was built
	rm -rf bin demo
