# Everything a contributor runs. `make` alone lists it.

CARGO ?= cargo
TARGET_DIR := $(or $(CARGO_TARGET_DIR),target)
FUZZ_SECONDS ?= 60

# Where tests/tools.sh unpacks programs that are not to be installed.
TOOLS := $(abspath $(TARGET_DIR))/tools
# Tests that did not run, and why (tests/support/skip.rs).
SKIPPED := $(abspath $(TARGET_DIR))/skipped-tests

export PATH := $(TOOLS)/usr/sbin:$(TOOLS)/usr/bin:$(PATH):/usr/local/sbin:/usr/sbin:/sbin
export DDNS_NETLINK_SKIPPED := $(SKIPPED)

.PHONY: help build demo test test-targets test-servers tools bench fuzz packages sizes measures

help:
	@echo 'make demo    a line changes its address, a name follows; no root, nothing to set up'
	@echo 'make test    format, lints, unit, property and end-to-end tests; installs what they need'
	@echo 'make test-targets [TARGET=triple]'
	@echo '             what `make packages` built, under emulators of its architecture'
	@echo 'make test-servers [OPENAPI=directory]'
	@echo '             interfaces of providers against servers that others have written'
	@echo 'make bench   latency, idle cost, memory, growth; prints, never fails'
	@echo 'make fuzz    every fuzz target for FUZZ_SECONDS=$(FUZZ_SECONDS); needs a C++ compiler'
	@echo 'make build   the release binary'
	@echo 'make packages [TARGET=mipsel_24kc]'
	@echo '             static router binaries, .ipk, .apk and .deb in dist/, with their sizes'
	@echo 'make sizes [TARGET=triple]'
	@echo '             what each dependency and build setting costs on a router'
	@echo 'make measures'
	@echo '             lengths of functions and files, shares of comments and the like, of src/ without tests'

build:
	$(CARGO) build --locked --release
	@ls -l $(TARGET_DIR)/release/ddns-netlink

demo:
	@CARGO='$(CARGO)' tests/tools.sh demo
	@$(MAKE) --no-print-directory build
	$(CARGO) build --locked --example demo
	@$(TARGET_DIR)/debug/examples/demo $(TARGET_DIR)/release/ddns-netlink

# Ends with the tests that did not run, and why.
test: tools
	$(CARGO) fmt --check
	$(CARGO) clippy --locked --all-targets -- -D warnings
	RUSTDOCFLAGS='-D warnings' $(CARGO) doc --locked --no-deps --quiet
	@rm -f $(SKIPPED)
	@status=0; \
	echo '$(CARGO) test --locked --no-fail-fast'; \
	$(CARGO) test --locked --no-fail-fast || status=$$?; \
	tests/skipped.sh $(SKIPPED); \
	exit $$status

# The end-to-end tests under qemu-user, and whole routers in qemu-system.
test-targets: tools
	@tests/targets/run $(TARGET)

# Servers that others have written, on loopback: moto plays AWS, PowerDNS and nsupdate.info are
# themselves, Prism checks requests against descriptions that vendors have made of their interfaces
# (OPENAPI is their directory; they are not part of this repository). Installed once, below the target directory; what
# cannot be installed is said, and its tests are skipped.
SERVERS := $(abspath $(TARGET_DIR))/servers
PYTHON_SERVERS := moto[server,route53]==5.2.5 nsupdate==0.13.0 argon2-cffi==25.1.0 gunicorn==27.0.1
NODE_SERVERS := @stoplight/prism-cli@5.16.0
OPENAPI ?=

test-servers: $(SERVERS)/python
	@tests/servers/fetch-pdns.sh $(SERVERS)/pdns
	@if [ -n '$(OPENAPI)' ] && [ ! -e $(SERVERS)/node_modules/.bin/prism ]; then \
	    if command -v npm >/dev/null; then \
	        npm install --prefix $(SERVERS) --no-audit --no-fund --silent '$(NODE_SERVERS)'; \
	    else echo 'Prism: npm is not here'; fi; fi
	@rm -f $(SKIPPED)
	@status=0; \
	DDNS_NETLINK_SERVERS=$(SERVERS) DDNS_NETLINK_OPENAPI=$(abspath $(OPENAPI)) \
	    $(CARGO) test --locked --test 'servers_*' -- --ignored || status=$$?; \
	tests/skipped.sh $(SKIPPED); \
	exit $$status

$(SERVERS)/python: Makefile
	python3 -m venv $(SERVERS)/venv
	$(SERVERS)/venv/bin/pip install --quiet --disable-pip-version-check $(PYTHON_SERVERS)
	touch $@

tools:
	@CARGO='$(CARGO)' tests/tools.sh test

bench:
	$(CARGO) bench --locked --bench latency --bench providers --bench growth

fuzz:
	@fuzz/run $(FUZZ_SECONDS)

# Both steps go on after a target that fails, and fail at the end. Packing alone takes seconds:
# openwrt/pack.py.
packages:
	@python3 -c 'import tomllib' 2>/dev/null || \
	    { echo 'This needs Python 3.11 or newer (Debian: python3).'; exit 2; }
	@status=0; \
	openwrt/build.py $(TARGET) || { status=$$?; [ $$status = 1 ] || exit $$status; }; \
	openwrt/pack.py $(TARGET) || status=$$?; \
	exit $$status

sizes:
	@openwrt/measure.py $(TARGET)

measures:
	@tests/measures.py
