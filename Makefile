# The menu: `make` prints it.

GO      ?= go
VERSION ?= $(shell git describe --always --dirty 2>/dev/null || echo dev)
LDFLAGS := -s -w -X stormglass/system/platform/boot.Version=$(VERSION) -X stormglass/chaos/run.Version=$(VERSION)
SCENARIOS ?= scenarios
LOCALLY ?= broker-killed inventory-killed-mid-saga order-killed-mid-saga payment-killed-mid-saga shipping-killed-mid-saga answers-lost order-rolling-restart flash-sale
# Tools are named by a relative path here, and by the shell's $PWD where a program needs an absolute one: make takes a blank or a
# colon in the checkout's own path for the end of a name.
TOOLS   := bin/tools

.DEFAULT_GOAL := help
.PHONY: help build up probe chaos-test chaos-local test evidence-test mutate bench loadtest generate alerts alerts-test dashboards check clean compose-up compose-down

help: ## print this menu
	@echo "Stormglass: a shop that can be broken on purpose, and the harness that proves it heals."
	@echo
	@sed -n 's/^\([a-z-]*\):.*## \(.*\)/  make \1|\2/p' $(MAKEFILE_LIST) | awk -F'|' '{printf "%-20s %s\n", $$1, $$2}'

build: ## build shop, standins and stormglass into bin/
	$(GO) build -trimpath -ldflags "$(LDFLAGS)" -o bin/ ./system/cmd/shop ./system/cmd/standins ./chaos/cmd/stormglass

up: build ## start the shop on this machine, until Ctrl-C
	bin/stormglass up

probe: build ## start the shop, place one order, print what it took, stop
	bin/stormglass up --probe

chaos-test: build ## run every scenario; evidence and summary in out/chaos/latest
	bin/stormglass run $(FLAGS) $(SCENARIOS)

chaos-local: build ## deaths, lost answers and a rush on PostgreSQL, RabbitMQ and Redis too, beside the embedded tier's verdicts
	bin/stormglass run --tier embedded,local --out out/local $(FLAGS) $(LOCALLY:%=scenarios/%.yaml)

test: ## run all tests with the race detector; says what it could not test
	@mkdir -p out; rm -f out/not-tested
	$(GO) vet ./...
	NOT_TESTED="$$PWD/out/not-tested" $(GO) test -race -timeout 20m $(TESTFLAGS) ./...
	@if [ -s out/not-tested ]; then echo; echo "Not tested on this machine:"; sort -u out/not-tested; fi

evidence-test: ## put the queries of dashboards and alerts to what `make chaos-test` recorded
	EVIDENCE="$$PWD/out/chaos/latest" $(GO) test -count=1 -timeout 10m ./dashboards/... ./alerts/...

mutate: build ## take out one defence of the shop after the other, and see whether the checks notice
	bin/stormglass mutate $(FLAGS)

bench: build ## measure checkouts per second, latency, CPU and memory of the whole shop
	bin/stormglass bench
	$(GO) test -run '^$$' -bench 'Hop$$' -benchtime 20000x ./system/platform/events
	$(GO) test -run '^$$' -bench HopIdle -benchtime 100x ./system/platform/events

loadtest: build $(TOOLS)/k6 ## load the shop with k6: PROFILE=smoke (or average, stress, spike, soak, breakpoint, flash-sale), BASE_URL=…
	$(GO) build -trimpath -o bin/ ./loadtests/cmd/loadtest
	@bin/loadtest

generate: $(TOOLS)/buf ## make what is generated again: Go of the contracts, schema of scenarios, README's table of claims
	PATH="$$PWD/$(TOOLS):$$PATH" && cd system/api && buf lint && buf generate
	$(GO) run ./chaos/cmd/stormglass schema > scenarios/schema.json
	@mkdir -p out && $(GO) run ./chaos/cmd/stormglass list --markdown > out/claims.md
	sed -i -e '/<!-- claims -->/,/<!-- .claims -->/{//!d}' -e '/<!-- claims -->/r out/claims.md' README.md

compose-up: ## the shop in containers with Jaeger, Prometheus, Grafana and Toxiproxy; LAYERS=shop for less
	$(GO) build -trimpath -ldflags "$(LDFLAGS)" -o bin/ ./chaos/cmd/stormglass ./compose/cmd/stack
	@VERSION=$(VERSION) bin/stack up

compose-down: ## remove the containers, their networks and all that they keep
	@$(GO) run ./compose/cmd/stack down

alerts: ## write the rules of the shop's objectives again, from the Go that lists them
	$(GO) run ./alerts/cmd/alerts alerts/rules/slo.yaml

alerts-test: $(TOOLS)/promtool ## check alert rules, their unit tests, routes and runbooks with promtool, pint and amtool
	@mkdir -p out; : >out/alerts-not-tested; REQUIRE_ALERT_TOOLS=1 NOT_TESTED="$$PWD/out/alerts-not-tested" $(GO) test -count=1 -timeout 10m ./alerts/... && cat out/alerts-not-tested
dashboards: ## write dashboards/generated again, from the Go that draws it
	$(GO) run ./dashboards/cmd/dashboards dashboards/generated

check: generate ## formatting, vet, and generated files equal to committed ones
	@test -z "$$(gofmt -l $$(git ls-files '*.go'))" || { gofmt -l $$(git ls-files '*.go'); echo "run gofmt -w on these"; exit 1; }
	$(GO) vet ./...
	git diff --exit-code -- system/api scenarios/schema.json README.md

# Each set of tools is a module of its own, in the folder of its go.mod.
$(TOOLS)/buf: tools/go.mod
$(TOOLS)/k6: loadtests/k6/go.mod
$(TOOLS)/promtool: tools/prometheus/go.mod
$(TOOLS)/%:
	GOBIN="$$PWD/$(TOOLS)" $(GO) -C $(<D) install -tags remove_all_sd tool

clean: ## remove bin/ and out/
	rm -rf bin out
