# quill: what one types while working on it. `make help` lists the targets.

LINTER   := github.com/golangci/golangci-lint/v2/cmd/golangci-lint@v2.15.0
BIN      := $(CURDIR)/.bin
MODULES  := $(dir $(shell git ls-files --cached --others --exclude-standard '*go.mod'))
FUZZTIME ?= 10m
SOAK     ?= 1000000

.PHONY: help test race lint bench soak fuzz cover dashboard-test

help: ## this list
	@awk -F ':.*## ' '/^[a-z-]+:.*## /{printf "%-14s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

test: ## the tests of every module
	@for m in $(MODULES); do (cd $$m && go test ./...) || exit 1; done

race: ## the tests of every module with the race detector, shuffled, five times, on 1 and 2 processors
	@for m in $(MODULES); do (cd $$m && go test -race -shuffle=on -count=5 -cpu 1,2 ./...) || exit 1; done

lint: $(BIN)/golangci-lint ## vet and the linter, in every module
	@for m in $(MODULES); do (cd $$m && go vet ./... && $(BIN)/golangci-lint run --config $(CURDIR)/.golangci.yml ./...) || exit 1; done

$(BIN)/golangci-lint:
	GOBIN=$(BIN) go install $(LINTER)

bench: ## quill beside its peers, in one run; fails beyond the bars
	cd bench && go run ./compare

soak: ## a million random executions; SOAK=n for another number
	go test ./command -run 'TestSoak' -count=1 -v -timeout 60m -args -soak $(SOAK)

fuzz: ## every fuzz target for FUZZTIME: chains of operators, and models
	@go list ./... | while read -r p; do \
		for f in $$(go test -list '^Fuzz' "$$p" | grep '^Fuzz'); do \
			echo "$$p $$f"; go test "$$p" -run '^$$' -fuzz "^$$f\$$" -fuzztime $(FUZZTIME) || exit 1; \
		done; done

cover: ## coverage per function, into coverage.out
	go test -coverprofile=coverage.out -coverpkg=./... ./... && go tool cover -func=coverage.out | tail -1

dashboard-test: ## Netflix's Hystrix Dashboard shows our stream; installs it and Chromium; a picture goes to internal/dashboard/out
	internal/dashboard/install.sh
	@mkdir -p internal/dashboard/out
	cd internal/dashboard && DASHBOARD_PICTURE=$(CURDIR)/internal/dashboard/out/dashboard.png go test -tags dashboard -count=1 -v ./...
