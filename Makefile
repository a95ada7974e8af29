# The packages that link the embedded Temporal server: slow to build, and
# slower with the race detector.
SERVER  := journey/cmd/journeyd journey/devserver/embedtemporal
PACKAGES = $(filter-out $(SERVER),$(shell go list ./...))

.PHONY: build test race bench lint dev faults fuzz

build: # both programs, into bin/
	go build -o bin/ ./cmd/journey ./cmd/journeyd

test: # what README.md says
	go test ./...

race: # every package that does not link the embedded server, under the race detector
	go test -race -short -timeout 30m $(PACKAGES)

lint:
	go vet ./...
	go tool staticcheck ./...

bench: build # the table of docs/performance.md
	go run ./bench

dev: # the example shop on this machine
	go run ./cmd/journeyd dev examples/shop

faults: # every fault, three seeds; some 40 minutes
	go test ./cmd/journeyd -run TestFaults -faults.full -timeout 90m -v

FUZZTIME = 30s

fuzz: # every fuzz target for a while, two at a time
	grep -rno --include='*_test.go' '^func Fuzz[A-Za-z]*' . | sed -E 's|^(.*)/[^/]*:[0-9]+:func (.*)|\1 \2|' | sort | \
		xargs -P 2 -n 2 sh -c 'go test -run XXX -fuzz "^$$1\$$" -fuzztime $(FUZZTIME) -parallel 1 $$0 || exit 1'
