# make drill    practise a restore, no cluster needed
# make test     every test but the end-to-end ones
# make check    format, vet, lint, cross-compile
# make e2e      end to end on the cluster of $KUBECONFIG
# make bench    benchmarks, as ratios against other tools

VERSION ?= $(shell git describe --tags --always --dirty 2>/dev/null || echo devel)
LDFLAGS := -s -w -X main.version=$(VERSION)
PLATFORMS := linux/amd64 linux/arm64 darwin/amd64 darwin/arm64
LINT := .cache/bin/golangci-lint
LINT_VERSION := v2.15.0

.PHONY: build drill test check lint cross e2e e2e-images bench bench-transfer screens needs clean

build:
	CGO_ENABLED=0 go build -trimpath -ldflags '$(LDFLAGS)' -o bin/mastodon-restore ./cmd/mastodon-restore

drill: build
	bin/mastodon-restore drill

test: needs
	go test -race -shuffle=on -timeout 10m ./...

check: lint cross
	@test -z "$$(gofmt -l $$(git ls-files '*.go'))" || { gofmt -d $$(git ls-files '*.go'); exit 1; }
	go mod tidy -diff
	go vet ./...
	go vet -tags e2e ./internal/e2e/

lint: $(LINT)
	$(LINT) run

$(LINT):
	GOBIN=$(CURDIR)/.cache/bin go install github.com/golangci/golangci-lint/v2/cmd/golangci-lint@$(LINT_VERSION)

cross:
	@for p in $(PLATFORMS); do echo "build $$p"; CGO_ENABLED=0 GOOS=$${p%/*} GOARCH=$${p#*/} go build -o /dev/null ./cmd/mastodon-restore || exit 1; done

# LAB, the path of a cluster tool with stop and start, adds the scenarios that take the API server away.
e2e: build
	go test -tags e2e -count=1 -timeout 75m -v ./internal/e2e/

e2e-images:
	testdata/e2e/images.sh

bench: needs
	go test -run "^$$" -bench . -benchtime 1x -timeout 30m ./internal/pgdump ./internal/backupset ./tui ./cmd/mastodon-restore

# Needs a cluster with the storage classes it names, and an image made by
# lab image transfer:1 bash,tar,coreutils,gzip,findutils,procps
bench-transfer:
	go run ./internal/transfer/bench

# The pictures of the README: a drill in a real terminal, captured as text.
screens: build needs
	docs/capture.sh
	docs/readme.sh

# PostgreSQL's server programs for the tests, tmux for the terminal.
needs:
	@.ci/needs

clean:
	rm -rf bin .cache
