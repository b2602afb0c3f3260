# Fixative. `make demo` shows it, `make test` tests it. Both install the packages that they need on Debian and Ubuntu.
SHELL := /bin/bash
.SHELLFLAGS := -eu -o pipefail -c
.DELETE_ON_ERROR:
.PHONY: demo run build test torture soak mutants install uninstall bench bench-peers bench-archive bench-service lint format asan fuzz fuzz-smoke interop interop-credentials doctor deps test-deps browser-deps test-browser test-handover test-openapi test-hardening test-docs clean

BUILD_PACKAGES := libpng-dev libjpeg-dev libwebp-dev liblcms2-dev libsqlite3-dev libbrotli-dev pkg-config zlib1g-dev
# Other programs that the tests compare ours with.
TEST_PACKAGES := binutils pngcheck libjpeg-turbo-progs webp python3 python3-pil python3-venv sqlite3 strace e2fsprogs mount curl rsync openssl
BROWSER_PACKAGES := chromium python3 python3-pil python3-venv

RELEASE := swift build -c release --scratch-path .build/release-scratch
FIXATIVE := .build/release-scratch/release/fixative
STORAGE ?= $(or $(FIXATIVE_STORAGE),storage)

# Installs the missing packages of $(1), and prints each command.
define install
	@missing=$$(for package in $(1); do \
		dpkg-query -W -f='$${Status}' "$$package" 2>/dev/null | grep -q 'install ok installed' || echo "$$package"; done); \
	if [ -n "$$missing" ]; then \
		as_root=; if [ "$$(id -u)" -ne 0 ]; then as_root=sudo; fi; \
		echo "installing:" $$missing; \
		echo "+ $$as_root apt-get update"; $$as_root apt-get update -qq; \
		echo "+ $$as_root apt-get install -y --no-install-recommends" $$missing; \
		DEBIAN_FRONTEND=noninteractive $$as_root apt-get install -y -qq --no-install-recommends $$missing; \
	fi
endef

demo: build
	$(FIXATIVE) demo --storage $(STORAGE)

run: build
	$(FIXATIVE) archive --since 24h --watch --storage $(STORAGE)

doctor: build
	$(FIXATIVE) doctor --storage $(STORAGE)

build: deps
	$(RELEASE) --product fixative

# Tests with time limits of their own run apart from those that keep all processors busy.
NETWORK_TESTS := ^(ArchiverTests|UpstreamSimulatorTests|GenerationAPITests|NotificationsTests)[.]
TIMED_TESTS := ^ArchiverTests[.](StarvationTests|WrongClockTests|SourcePauseTests)
SERVER_TESTS := ^(ArchiveServerTests|DecoderPoolTests)[.]
PROGRAM_TESTS := ^FixativeCommandsTests[.]

# Warnings are errors in every target, so building is the check for them.
test: deps test-deps lint
	swift build --build-tests
	swift test --skip-build --no-parallel --filter '$(TIMED_TESTS)'
	swift test --skip-build --filter '$(NETWORK_TESTS)' --skip '$(TIMED_TESTS)'
	swift test --skip-build --filter '$(SERVER_TESTS)'
	swift test --skip-build --filter '$(PROGRAM_TESTS)'
	swift test --skip-build --skip '$(NETWORK_TESTS)' --skip '$(SERVER_TESTS)' --skip '$(PROGRAM_TESTS)'
	@# The program as users run it: a debug build hides faults of the optimiser.
	$(RELEASE) --product fixative
	FIXATIVE=$(FIXATIVE) Tests/Hardening/run
	FIXATIVE=$(FIXATIVE) Tests/Docs/run
	FIXATIVE=$(FIXATIVE) Tests/Torture/run --bounded
	FIXATIVE=$(FIXATIVE) Tests/Soak/run --bounded
	$(MAKE) --no-print-directory interop BILLING_OUTPUTS=1000
	$(MAKE) --no-print-directory fuzz-smoke FUZZ_SECONDS=$(TEST_FUZZ_SECONDS)
	FIXATIVE=$(FIXATIVE) Tests/Handover/run
	FIXATIVE=$(FIXATIVE) Tests/OpenAPI/run
	$(call install,$(BROWSER_PACKAGES))
	FIXATIVE=$(abspath $(FIXATIVE)) Tests/Browser/run

# Kills the program at every step, fails every call, and cuts the power after acknowledgements: Tests/README.md. Some proofs need root.
torture: build test-deps
	FIXATIVE=$(FIXATIVE) Tests/Torture/run --full
	FIXATIVE_OUTAGES=all swift test --filter OutageTests
	FIXATIVE_BITROT_FILES=200 FIXATIVE_BITROT_ROUNDS=5 swift test --filter BitRotTests
	$(RELEASE) --product catalog-scale
	.build/release-scratch/release/catalog-scale --rows 1000000 --program $(FIXATIVE)

# Runs the service under hostile faults, restarts it every minute, and accounts for every task: Tests/README.md.
SOAK_MINUTES ?= 30
soak: build test-deps
	FIXATIVE=$(FIXATIVE) SOAK_MINUTES=$(SOAK_MINUTES) Tests/Soak/run

# Changes the code in several hundred ways, and lists the changes that no test notices: Tests/README.md.
mutants: deps test-deps
	Tests/Mutants/run

# Installs the service: program, systemd unit, and a folder for the key. DESTDIR puts all of it below another folder.
PREFIX ?= /usr/local
UNITS = $(PREFIX)/lib/systemd/system
# Links Swift's libraries statically, so that the installed program needs no toolchain.
STANDALONE := swift build -c release --static-swift-stdlib --scratch-path .build/static-scratch --product fixative
as_root = $(if $(DESTDIR),,$(if $(filter 0,$(shell id -u)),,sudo))
install: deps
	$(STANDALONE)
	$(as_root) install -D -m 0755 -s .build/static-scratch/release/fixative '$(DESTDIR)$(PREFIX)/bin/fixative'
	sed 's|@PREFIX@|$(PREFIX)|g' .deploy/fixative.service > .build/fixative.service
	$(as_root) install -D -m 0644 .build/fixative.service '$(DESTDIR)$(UNITS)/fixative.service'
	$(as_root) install -d -m 0700 '$(DESTDIR)/etc/fixative'
	$(as_root) test -e '$(DESTDIR)/etc/fixative/fixative.env' || \
		$(as_root) install -m 0600 .deploy/fixative.env '$(DESTDIR)/etc/fixative/fixative.env'
	@printf '%s\n' '' 'Next: write only the API key into /etc/fixative/api-key, set tokens in /etc/fixative/fixative.env, and start the service:' \
		'  sudo install -m 0600 /dev/stdin /etc/fixative/api-key   # paste the key, then Ctrl-D' \
		'  sudoedit /etc/fixative/fixative.env' \
		'  sudo systemctl daemon-reload && sudo systemctl enable --now fixative && journalctl -fu fixative'

# Keeps /etc/fixative and the archive in /var/lib/fixative.
uninstall:
	$(if $(DESTDIR),,-$(as_root) systemctl disable --now fixative)
	$(as_root) rm -f '$(DESTDIR)$(PREFIX)/bin/fixative' '$(DESTDIR)$(UNITS)/fixative.service'
	$(if $(DESTDIR),,-$(as_root) systemctl daemon-reload)

lint:
	swift format lint --recursive --strict Package.swift Sources Tests Benchmarks/Package.swift Benchmarks/Sources
	python3 Tests/Structure/check.py

format:
	swift format --in-place --recursive Package.swift Sources Tests Benchmarks/Package.swift Benchmarks/Sources

# Runs the tests of codecs and imaging under AddressSanitizer. The test runner itself leaks, so leak detection is off.
asan: deps test-deps
	ASAN_OPTIONS=detect_leaks=0 swift test --sanitize=address --scratch-path .build/asan \
		--filter 'ImageCodecsTests|ImagingTests|SyntheticPicturesTests'

# Compares pixels, verdicts and thumbnails with libvips and Pillow, and reads our files with djpeg, dwebp and pngcheck.
BILLING_OUTPUTS ?= 10000
interop: deps test-deps
	CORPUS=$(IMAGES) Tests/Interop/run
	$(RELEASE) --product fixative
	FIXATIVE=$(FIXATIVE) OUTPUTS=$(BILLING_OUTPUTS) Tests/Interop/billing

# Compares the verifier of Content Credentials with c2pa-python over 1,300 made files and RANDOM_CHANGES random ones.
interop-credentials: build test-deps
	FIXATIVE=$(FIXATIVE) Tests/Interop/credentials/run

# Fuzzes each decoder, and the PNG fast path against libpng. The time is for each target: make fuzz FUZZ_MINUTES=30
FUZZ_MINUTES ?= 30
fuzz: deps test-deps
	$(FUZZ) --seconds $$(($(FUZZ_MINUTES) * 60))
	$(SLOW)
	$(CHUNKS) --seconds $$(($(FUZZ_MINUTES) * 60))

# A short run. It starts with the inputs that earlier runs kept.
FUZZ_SECONDS ?= 60
TEST_FUZZ_SECONDS ?= 15
fuzz-smoke: deps test-deps
	$(FUZZ) --seconds $(FUZZ_SECONDS)
	$(SLOW)
	$(CHUNKS) --seconds $(FUZZ_SECONDS)

# The system's Python has the system's Pillow.
FUZZ = /usr/bin/python3 Tests/Fuzz/fuzz.py --corpus $(IMAGES)
# Inputs that are built to be slow.
SLOW = swift build --package-path Benchmarks --scratch-path .build/benchmarks -c release --product imaging-dump && \
	/usr/bin/python3 Tests/Fuzz/slow.py --dump .build/benchmarks/release/imaging-dump
# Chunk structure of PNG against an independent reader.
CHUNKS = /usr/bin/python3 Tests/Fuzz/chunks.py --dump .build/benchmarks/release/imaging-dump

# Pictures a second and CPU time a picture: make bench IMAGES=folder
IMAGES ?= ../shared/corpus
bench: deps
	swift run -c release --package-path Benchmarks --scratch-path .build/benchmarks picture-bench $(IMAGES)

# The main job against libvips, Pillow and libpng in turn; they are installed in a throw-away environment.
bench-peers: deps
	CORPUS=$(IMAGES) Benchmarks/peers/bench.sh

# Compares complete archiving, with a simulated API on this machine, with the imaging job alone.
bench-archive: build
	FIXATIVE=$(abspath $(FIXATIVE)) CORPUS=$(IMAGES) Benchmarks/archive/bench.sh

# Tests the gallery in headless Chromium: search, keyboard, no JavaScript, layouts, accessibility, and no request to other hosts.
# `Tests/Browser/run --large` measures 100,000 pictures, in a few minutes.
test-browser: browser-deps
	Tests/Browser/run

# Reads bags, feeds, metrics and notifications with other programs.
test-handover: deps test-deps
	swift build --product fixative
	Tests/Handover/run

# Tests the service against its OpenAPI document with schemathesis.
test-openapi: deps test-deps
	swift build --product fixative
	Tests/OpenAPI/run

# Tests the rules for keys, false successes, pinned packages, the build and the systemd unit: docs/security.md.
test-hardening: deps test-deps
	swift build --product fixative
	Tests/Hardening/run

# Compares the documentation with verbs, options, settings, endpoints and metrics, and runs its commands.
test-docs: deps test-deps
	swift build --product fixative
	FIXATIVE=.build/debug/fixative Tests/Docs/run

# Loads the service: its webhook, its readers, and the delay that its gateway adds to a call.
bench-service: build
	$(call install,wrk python3)
	python3 Benchmarks/service/bench.py $(FIXATIVE)

deps:
	$(call install,$(BUILD_PACKAGES))

test-deps:
	$(call install,$(TEST_PACKAGES))

browser-deps:
	$(call install,$(BROWSER_PACKAGES))

clean:
	rm -rf .build
