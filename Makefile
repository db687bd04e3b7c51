# SPDX-License-Identifier: MIT
# algofs: `make help` lists the targets. Everything is built below build/ (BUILD=DIR moves it).

BUILD   ?= build
PREFIX  ?= /usr/local
DESTDIR ?=
CC      ?= gcc
VERSION := 0.1.0

DEB_BUILD := gcc make pkg-config libc6-dev libcurl4-openssl-dev libcjson-dev uthash-dev \
             libmicrohttpd-dev libmd-dev libexpat1-dev libfuse3-dev libinih-dev libsodium-dev
DEB_CHECK := libcmocka-dev python3 python3-numpy python3-h5py strace curl procps util-linux \
             universal-ctags bash dash tar findutils git xz-utils rsync sed ed vim-tiny \
             python3-venv attr libpython3.11-testsuite libjemalloc2 faketime fakeroot gdb valgrind fuse3 busybox-static

# An S3 store to test against (OpenStack Swift) and other clients of it.
DEB_S3   := swift-proxy swift-account swift-container swift-object memcached rclone s3cmd

CPPFLAGS += -I. -D_GNU_SOURCE -DALGOFS_VERSION='"$(VERSION)"'
WARN     := -Wall -Wextra -Werror -Wshadow -Wstrict-prototypes -Wmissing-prototypes -Wvla \
            -Wpointer-arith -Wwrite-strings -Wundef
HARDEN   := -fstack-protector-strong -D_FORTIFY_SOURCE=2 -fPIE
CFLAGS   ?= -O2 -g
ALL_CFLAGS = -std=gnu11 $(WARN) $(HARDEN) $(CFLAGS) $(SANITIZE)
LDHARDEN := -Wl,-z,relro,-z,now -pie
ALL_LDFLAGS = $(LDHARDEN) $(SANITIZE) $(LDFLAGS)

sources = $(filter-out $(wildcard $(1)/test-*.c),$(wildcard $(1)/*.c))
objects = $(patsubst %.c,$(BUILD)/obj/%.o,$(1))

CORE_LAYERS := base wire client config remote tree journal engine
CORE_SRC    := $(foreach layer,$(CORE_LAYERS),$(call sources,core/$(layer)))
AGENT_LIBS  := -lcurl -lcjson -lexpat -lmd -linih -lsodium -lpthread
SERVER_LIBS := -lmicrohttpd -lcjson -lmd -lpthread
WRAPPER_LIBS := -lcjson -linih -lsodium

# The shim: its own objects, position independent, from the slice that links libc only.
SHIM_SRC := $(call sources,preload) $(call sources,core/client) $(call sources,core/wire) \
            core/base/hash.c
SHIM_OBJ := $(patsubst %.c,$(BUILD)/shim/%.o,$(SHIM_SRC))
SHIM_CFLAGS = -std=gnu11 $(WARN) -fstack-protector-strong $(CFLAGS) $(SANITIZE_SHIM) -fPIC \
              -fvisibility=hidden -ftls-model=initial-exec -fno-builtin -foptimize-sibling-calls -U_FORTIFY_SOURCE

# The FUSE door, where there is a libfuse3 of at least 3.12; everything else builds without.
HAVE_FUSE := $(shell pkg-config --atleast-version=3.12 fuse3 2>/dev/null && echo yes)
FUSE_CFLAGS := $(if $(HAVE_FUSE),$(shell pkg-config --cflags fuse3))
FUSE_LIBS := $(if $(HAVE_FUSE),$(shell pkg-config --libs fuse3))

PROGRAMS := $(BUILD)/bin/algofs-server $(BUILD)/bin/algofs-agent $(BUILD)/bin/algofs-run \
            $(BUILD)/bin/algofs $(if $(HAVE_FUSE),$(BUILD)/bin/algofs-mount $(BUILD)/bin/mount.fuse.algofs)
SHIM     := $(BUILD)/lib/libalgofs.so
UNIT_SRC := $(wildcard core/*/test-*.c server/test-*.c agent/test-*.c wrappers/test-*.c)
UNIT     := $(patsubst %.c,$(BUILD)/unit/%,$(UNIT_SRC))
HELPERS  := $(patsubst tests/helpers/%.c,$(BUILD)/helpers/%,$(wildcard tests/helpers/*.c))
BENCHES  := $(patsubst bench/%.c,$(BUILD)/bench/%,$(wildcard bench/*.c))

.PHONY: all build help deps check demo install clean format tidy bench soak
.PHONY: asan-check tsan-check unit programs
.DELETE_ON_ERROR:

all: build

build: $(PROGRAMS) $(SHIM)

help:
	@sed -n 's/^## //p' Makefile

## make            build everything below build/
## make deps       install the Debian packages that building and checking need
deps:
	@scripts/install-deps $(DEB_BUILD) $(DEB_CHECK)

## make check      build and run every test (installs what is missing first)
check: deps
	+@$(MAKE) -j$$(nproc) --no-print-directory build unit
	@scripts/check-sources
	@scripts/check-exports $(SHIM)
	@scripts/check-symbols
	@BUILD=$(abspath $(BUILD)) tests/run

## make check-s3   the tests against a real S3 store (they are part of check where its packages are)
.PHONY: deps-s3 check-s3
deps-s3: deps
	@scripts/install-deps $(DEB_S3)
check-s3: deps-s3
	+@$(MAKE) -j$$(nproc) --no-print-directory build unit
	@BUILD=$(abspath $(BUILD)) tests/run s3/

## make demo       the example: the same training on /algo and on a plain folder
demo: deps
	+@$(MAKE) -j$$(nproc) --no-print-directory build
	@BUILD=$(abspath $(BUILD)) examples/demo

PROBES := $(BUILD)/helpers/probe $(BUILD)/helpers/probe-fortify $(BUILD)/helpers/probe-lfs

unit: $(UNIT) $(HELPERS) $(PROBES) $(BUILD)/unit/s3-tool

$(BUILD)/obj/%.o: %.c
	@mkdir -p $(@D)
	$(CC) $(CPPFLAGS) $(ALL_CFLAGS) -MMD -MP -c $< -o $@

$(BUILD)/shim/%.o: %.c
	@mkdir -p $(@D)
	$(CC) $(CPPFLAGS) -DALGOFS_SHIM=1 $(SHIM_CFLAGS) -MMD -MP -c $< -o $@

$(BUILD)/lib/libcore.a: $(call objects,$(CORE_SRC))
	@mkdir -p $(@D)
	@rm -f $@
	ar rcs $@ $^

$(BUILD)/bin/algofs-server: $(call objects,$(call sources,server)) $(BUILD)/lib/libcore.a
	@mkdir -p $(@D)
	$(CC) $(ALL_LDFLAGS) $^ $(SERVER_LIBS) -o $@

$(BUILD)/bin/algofs-agent: $(call objects,$(call sources,agent)) $(BUILD)/lib/libcore.a
	@mkdir -p $(@D)
	$(CC) $(ALL_LDFLAGS) $^ $(AGENT_LIBS) -o $@

$(BUILD)/obj/fuse-fallback/%.o: ALL_CFLAGS += $(FUSE_CFLAGS)
$(BUILD)/bin/algofs-mount: $(call objects,$(call sources,fuse-fallback)) $(BUILD)/lib/libcore.a
	@mkdir -p $(@D)
	$(CC) $(ALL_LDFLAGS) $^ $(FUSE_LIBS) -o $@

$(BUILD)/bin/mount.fuse.algofs: wrappers/mount.fuse.algofs
	@mkdir -p $(@D)
	install -m 755 $< $@

WRAPPER_COMMON := $(filter-out wrappers/algofs.c wrappers/algofs-run.c,$(call sources,wrappers))
$(BUILD)/bin/algofs $(BUILD)/bin/algofs-run: $(BUILD)/bin/%: $(BUILD)/obj/wrappers/%.o \
    $(call objects,$(WRAPPER_COMMON)) $(BUILD)/lib/libcore.a
	@mkdir -p $(@D)
	$(CC) $(ALL_LDFLAGS) $^ $(WRAPPER_LIBS) -o $@

$(SHIM): $(SHIM_OBJ) $(BUILD)/shim/exports.map
	@mkdir -p $(@D)
	$(CC) -shared -Wl,-z,relro,-z,now -Wl,--no-undefined -Wl,-Bsymbolic -Wl,-soname,libalgofs.so \
	    -Wl,--version-script=$(BUILD)/shim/exports.map $(SANITIZE_SHIM) $(LDFLAGS) $(SHIM_OBJ) -o $@

$(BUILD)/shim/exports.map: preload/calls.def scripts/make-exports
	@mkdir -p $(@D)
	scripts/make-exports $(CC) > $@

# A unit test stands beside its code and links whatever of the core it names.
$(BUILD)/unit/server/%: $(BUILD)/obj/server/%.o $(filter-out %/main.o,$(call objects,$(call sources,server))) $(BUILD)/lib/libcore.a
	@mkdir -p $(@D)
	$(CC) $(ALL_LDFLAGS) $^ -lcmocka $(SERVER_LIBS) -o $@
$(BUILD)/unit/agent/%: $(BUILD)/obj/agent/%.o $(filter-out %/main.o,$(call objects,$(call sources,agent))) $(BUILD)/lib/libcore.a
	@mkdir -p $(@D)
	$(CC) $(ALL_LDFLAGS) $^ -lcmocka $(AGENT_LIBS) -o $@
# The contract that every remote is held to comes by topic (core/remote/contract/contract.h).
$(BUILD)/unit/core/remote/test-contract: $(BUILD)/obj/core/remote/test-contract.o \
    $(call objects,$(filter-out %/s3-tool.c,$(wildcard core/remote/contract/*.c))) $(BUILD)/lib/libcore.a
	@mkdir -p $(@D)
	$(CC) $(ALL_LDFLAGS) $^ -lcmocka $(AGENT_LIBS) -o $@
$(BUILD)/unit/s3-tool: $(BUILD)/obj/core/remote/contract/s3-tool.o $(BUILD)/lib/libcore.a
	@mkdir -p $(@D)
	$(CC) $(ALL_LDFLAGS) $^ $(AGENT_LIBS) -o $@
$(BUILD)/unit/%: $(BUILD)/obj/%.o $(BUILD)/lib/libcore.a
	@mkdir -p $(@D)
	$(CC) $(ALL_LDFLAGS) $^ -lcmocka $(AGENT_LIBS) -o $@

$(BUILD)/helpers/%: tests/helpers/%.c $(wildcard tests/helpers/*.h)
	@mkdir -p $(@D)
	$(CC) -std=gnu11 -D_GNU_SOURCE $(WARN) -O1 -g $< -lpthread -o $@

# The symbol test, made from the tables: by label, and by name as two kinds of programs are built. What is
# dangerous or deprecated is called on purpose, so warnings are off.
PROBE_SRC := preload/calls.def tests/symbols/rows.def tests/symbols/probe.h scripts/make-probes
PROBE_CFLAGS := -std=gnu11 -D_GNU_SOURCE -I. -w -Wl,--no-warnings
$(BUILD)/helpers/probe.c $(BUILD)/helpers/probe-plain.c: $(BUILD)/helpers/probe%.c: $(PROBE_SRC)
	@mkdir -p $(@D)
	scripts/make-probes $(if $*,--plain) >$@
$(BUILD)/helpers/probe: $(BUILD)/helpers/probe.c
	$(CC) $(PROBE_CFLAGS) -O0 $< -o $@
$(BUILD)/helpers/probe-fortify: $(BUILD)/helpers/probe-plain.c
	$(CC) $(PROBE_CFLAGS) -O2 -D_FORTIFY_SOURCE=3 $< -o $@
$(BUILD)/helpers/probe-lfs: $(BUILD)/helpers/probe-plain.c
	$(CC) $(PROBE_CFLAGS) -O0 -D_FILE_OFFSET_BITS=64 $< -o $@

$(BUILD)/bench/%: bench/%.c
	@mkdir -p $(@D)
	$(CC) -std=gnu11 -D_GNU_SOURCE $(WARN) -O2 -g $< -o $@

## make fuzz       the path resolver against the kernel, RUNS=20000 random paths (SEED=N)
FUZZ_SRC := fuzz/follow.c preload/follow.c preload/place.c preload/readable.c core/client/lease.c core/base/hash.c
.PHONY: fuzz
fuzz: $(BUILD)/fuzz/follow
	$(BUILD)/fuzz/follow
$(BUILD)/fuzz/follow: $(FUZZ_SRC) $(wildcard preload/*.h core/client/*.h)
	@mkdir -p $(@D)
	$(CC) $(CPPFLAGS) -std=gnu11 $(WARN) -O1 -g -fsanitize=address,undefined $(FUZZ_SRC) -o $@

## make install    PREFIX=/usr/local DESTDIR=
install: build
	install -d $(DESTDIR)$(PREFIX)/bin $(DESTDIR)$(PREFIX)/lib $(DESTDIR)$(PREFIX)/libexec/algofs
	install -m 755 $(BUILD)/bin/algofs $(BUILD)/bin/algofs-run $(BUILD)/bin/algofs-server $(DESTDIR)$(PREFIX)/bin
	install -m 755 $(BUILD)/bin/algofs-agent $(DESTDIR)$(PREFIX)/libexec/algofs
	$(if $(HAVE_FUSE),install -m 755 $(BUILD)/bin/algofs-mount $(DESTDIR)$(PREFIX)/libexec/algofs)
	$(if $(HAVE_FUSE),install -m 755 $(BUILD)/bin/mount.fuse.algofs $(DESTDIR)$(PREFIX)/bin)
	install -m 755 $(SHIM) $(DESTDIR)$(PREFIX)/lib

C_FILES = $(shell git ls-files '*.c' '*.h')

## make format     lay out the C files by .clang-format
format:
	@scripts/install-deps clang-format
	clang-format -i $(C_FILES)

## make tidy       clang-tidy over the C files
tidy:
	@scripts/install-deps clang-tidy
	clang-tidy --quiet $(filter %.c,$(C_FILES)) -- -std=gnu11 $(CPPFLAGS)

## make asan-check / tsan-check   the whole suite with sanitizers (TESTS="NAME..." for some)
asan-check: deps
	+@BUILD=$(BUILD)/asan SANITIZE="-fsanitize=address,undefined -fno-sanitize-recover=undefined" \
	    scripts/sanitized-check $(TESTS)
tsan-check: deps
	+@BUILD=$(BUILD)/tsan SANITIZE="-fsanitize=thread" scripts/sanitized-check $(TESTS)

## make soak       the long forms of the model and crash tests (an hour or so)
soak: build unit
	@BUILD=$(abspath $(BUILD)) KILLS=200 SEEDS="1 2 3 4 5" MODEL_OPS=10000 BIG_MB=4096 \
	    MOUNT_ALL=1 BOTH_SECONDS=60 tests/run -j 1 -t 7200 write/ e2e/write-big mount/

## make bench      what it costs against plain files and curl, as ratios
bench: build $(BENCHES)
	@BUILD=$(abspath $(BUILD)) bench/run

clean:
	rm -rf $(BUILD)

-include $(shell find $(BUILD) -name '*.d' 2>/dev/null)
