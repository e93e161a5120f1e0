# make demo | test | interop | build | bench | install | clean | fuzz | fuzz-check | test-asan | test-tsan | soak-asan
PREFIX ?= /usr/local
DESTDIR ?=
SYSCONFDIR ?= /etc
UNITDIR ?= $(PREFIX)/lib/systemd/system
SYSUSERSDIR ?= $(PREFIX)/lib/sysusers.d
TMPFILESDIR ?= $(PREFIX)/lib/tmpfiles.d
SWIFT ?= swift
SWIFTFLAGS ?=
JOBS ?= $(shell nproc)
# Seconds for each fuzz target.
FUZZTIME ?= 300

BUILD = $(SWIFT) build -j $(JOBS) $(SWIFTFLAGS)
# Nothing of ours lies beside the programs, so the loader need not look there first.
RELEASE = $(BUILD) -c release --static-swift-stdlib --disable-local-rpath
BIN = .build/release
# All libraries go into guard-sop: to look up their symbols would be half of its time on a small message. So it has to be
# built again after an update of libssl-dev; guardd and guardctl have not.
STATIC = $(CURDIR)/.build/static
BUILD_SOP = mkdir -p $(STATIC) && for library in crypto argon2 bz2 z stdc++; do \
        ln -sf "$$(gcc -print-file-name=lib$$library.a)" $(STATIC)/ || exit 1; done && \
    STATIC_LIBRARIES=$(STATIC) $(RELEASE) --product guard-sop
# Postfix can only be run by root, the private one of the tests and the demonstration too.
AS_ROOT = $(if $(filter 0,$(shell id -u)),,sudo -E env "PATH=$$PATH")

.PHONY: all build demo test verdicts interop test-asan test-tsan soak-asan bench install clean fuzz fuzz-check

all: build

build:
	@.ci/install-packages build
	$(RELEASE) --product guardd
	$(RELEASE) --product guardctl
	$(BUILD_SOP)

# Shows mail going out protected and coming in judged, with a Postfix of its own. KEEP=1 leaves it up.
demo:
	@.ci/install-packages build demo
	@for product in guardd guardctl guardd-demo; do $(RELEASE) --product $$product || exit 1; done
	@$(AS_ROOT) $(BIN)/guardd-demo

# Tests that start whole servers come by themselves, and so do those of a server in this process: it answers on threads that
# the others block.
SERVERS = IntegrationTests
IN_PROCESS = ControlServerTests
test:
	@.ci/install-packages build demo test
	@.ci/install-schemathesis
	$(BUILD) --build-tests
	$(SWIFT) test $(SWIFTFLAGS) --skip-build --skip '$(SERVERS)|$(IN_PROCESS)'
	$(SWIFT) test $(SWIFTFLAGS) --skip-build --filter '$(IN_PROCESS)'
	$(AS_ROOT) $(SWIFT) test $(SWIFTFLAGS) --skip-build --filter '$(SERVERS)'

# What we say of every mail of the corpora with a known result; any that is judged too kindly fails. Part of `make test`.
verdicts:
	@.ci/install-packages build
	@$(SWIFT) test -j $(JOBS) $(SWIFTFLAGS) --filter 'VerdictScoreboardTests|ReconstructionTests' >.build/verdicts.log 2>&1; \
	    result=$$?; [ $$result = 0 ] && grep -E 'wrong-lax|^[a-z0-9-]+( +[0-9]+){4}$$' .build/verdicts.log \
	    || cat .build/verdicts.log; exit $$result

# Every profile, text and implementation of this machine against guard-sop; `make test` takes a cut of it.
interop:
	@.ci/install-packages build demo test interop
	$(BUILD) --build-tests
	GUARD_INTEROP=whole $(SWIFT) test $(SWIFTFLAGS) --skip-build --filter 'SopTests\.(InteropTests|DamageTests|EditedKeyTests)'

# The unit tests under the address and the thread sanitizer, in build folders of their own. GUARDD_SANITIZER asks for the
# tests that show that the sanitizer is live.
test-asan:
	@.ci/install-packages build demo test
	GUARDD_SANITIZER=address ASAN_OPTIONS=detect_leaks=0 $(SWIFT) test -j $(JOBS) --scratch-path .build_asan \
	    --sanitize address --skip IntegrationTests

test-tsan:
	@.ci/install-packages build demo test
	GUARDD_SANITIZER=thread TSAN_OPTIONS=halt_on_error=1 $(SWIFT) test -j $(JOBS) --scratch-path .build_tsan \
	    --sanitize thread --skip IntegrationTests

# Eleven rounds of 100 parallel SMTP sessions with 20 messages each through a guardd with the address sanitizer: nothing
# reported, memory flat. The sanitizer keeps freed memory for a while; here little of it, or that would be what grows.
soak-asan:
	@.ci/install-packages build demo test
	@for product in guardd guardctl; do \
	    $(SWIFT) build -j $(JOBS) --scratch-path .build_asan --sanitize address --product $$product || exit 1; done
	$(BUILD) --build-tests
	$(AS_ROOT) env GUARDD_SOAK=1 GUARDD_BIN=$(CURDIR)/.build_asan/debug ASAN_OPTIONS=detect_leaks=0:quarantine_size_mb=8 \
	    $(SWIFT) test $(SWIFTFLAGS) --skip-build --filter manySessionsAndFlatMemory

# First the formats alone against the bound of the machine, then guard-sop beside the programs of the same kind that are
# here, then everything through Postfix, then the control API and the key store, with a million accounts if WHOLE=1.
# TIMING=1 asks first, for half an hour, whether the time of RSA decryption and of comparisons tells anything about secrets.
bench:
	@.ci/install-packages build demo
	@for product in guardd guardctl guard-bench noop-milter mta-bench store-bench; do $(RELEASE) --product $$product || exit 1; done
	@$(BUILD_SOP)
	$(if $(TIMING),$(BIN)/guard-bench timing)
	$(BIN)/guard-bench
	$(BIN)/guard-bench programs
	$(AS_ROOT) $(BIN)/mta-bench
	$(AS_ROOT) $(BIN)/store-bench

install: build
	install -d $(DESTDIR)$(PREFIX)/sbin $(DESTDIR)$(PREFIX)/bin $(DESTDIR)$(SYSCONFDIR)/guardd
	install -m 755 $(BIN)/guardd $(DESTDIR)$(PREFIX)/sbin/guardd
	install -m 755 $(BIN)/guardctl $(DESTDIR)$(PREFIX)/bin/guardctl
	install -m 755 $(BIN)/guard-sop $(DESTDIR)$(PREFIX)/bin/guard-sop
	@if [ -e $(DESTDIR)$(SYSCONFDIR)/guardd/guardd.toml ]; then \
	    echo "keeping $(DESTDIR)$(SYSCONFDIR)/guardd/guardd.toml, the new one is guardd.toml.new"; \
	    install -m 644 etc/guardd.toml $(DESTDIR)$(SYSCONFDIR)/guardd/guardd.toml.new; \
	else install -m 644 etc/guardd.toml $(DESTDIR)$(SYSCONFDIR)/guardd/guardd.toml; fi
	install -d $(DESTDIR)$(UNITDIR) $(DESTDIR)$(SYSUSERSDIR) $(DESTDIR)$(TMPFILESDIR)
	sed 's,/usr/sbin/guardd,$(PREFIX)/sbin/guardd,g' systemd/guardd.service >$(DESTDIR)$(UNITDIR)/guardd.service
	install -m 644 systemd/sysusers.d/guardd.conf $(DESTDIR)$(SYSUSERSDIR)/guardd.conf
	install -m 644 systemd/tmpfiles.d/guardd.conf $(DESTDIR)$(TMPFILESDIR)/guardd.conf
	install -d $(DESTDIR)$(PREFIX)/share/doc/guardd/postfix
	install -m 644 etc/postfix/* $(DESTDIR)$(PREFIX)/share/doc/guardd/postfix/

# Shows that runs of the fuzz targets count (a planted crash is found), then runs each for FUZZTIME seconds; a finding stops.
fuzz-check:
	@.ci/install-packages build
	SWIFT=$(SWIFT) JOBS=$(JOBS) Tests/Fuzzers/run check

fuzz: fuzz-check
	SWIFT=$(SWIFT) JOBS=$(JOBS) FUZZTIME=$(FUZZTIME) Tests/Fuzzers/run fuzz

clean:
	rm -rf .build .build_asan .build_tsan .build_fuzz
