# mock-kanta-phr. Start with "make run"; "make help" lists the rest.
#
# Variables: CC, CFLAGS, LDFLAGS, DESTDIR, prefix as usual; SAN=1 builds with
# AddressSanitizer and UBSan below build/san; V=1 shows the commands; PORT for
# run; for the tests URL (a running server), CORPUS and CASES (folders with real
# payloads and conformance cases).

CC       ?= gcc
CFLAGS   ?= -O2 -g
prefix   ?= /usr/local
PORT     ?= 8080
PYTEST   ?= /usr/bin/python3 -m pytest

ifeq ($(origin CC),default)
CC := gcc
endif

ifdef SAN
B        ?= build/san
SANFLAGS := -O1 -g -fno-omit-frame-pointer -fsanitize=address,undefined \
	-fno-sanitize-recover=all
else
B        ?= build
endif

CPPFLAGS += -Iserver -D_GNU_SOURCE
WARN     := -Wall -Wextra -Wshadow -Wstrict-prototypes -Wmissing-prototypes \
	-Wpointer-arith -Wwrite-strings -Wvla -Wformat=2 -Wundef
ALLFLAGS  = -std=c11 $(WARN) $(CFLAGS) $(SANFLAGS) $(CPPFLAGS) -MMD -MP
LIBS     := -lmicrohttpd -lgnutls -lcrypto -lcjson -lsqlite3 -luuid -lz -lm

ifdef V
Q :=
else
Q := @
endif

# The definition packages and what is made from them do not depend on SAN.
DEFS     := build/definitions/node_modules
TOOLB    := build/tool

mods      = $(patsubst server/%.c,$(B)/obj/%.o,$(wildcard server/$(1)/*.c))
MODULES  := base json jose fhirpath profile store pki http page record generate site \
	fhir oauth admin web cli
OBJ       = $(foreach m,$(MODULES),$(call mods,$(m))) $(B)/obj/main.o

ASSETS   := $(wildcard fixtures/*.json fixtures/*/*.json \
	profiles/finnish-phr-*/*.json server/*/*.html server/*/*.css server/*/*.svg \
	server/*/*.words server/*/*.js server/admin/*.json)
IMAGES   := build/image/stu3.img build/image/r4.img
LAYERS   := build/image/stu3-national.img build/image/r4-national.img
# what a layer is made of, in order: as server/cli/profiles.c loads them
NATIONAL_R4   := $(sort $(wildcard profiles/finnish-phr-r4/*.json))
NATIONAL_STU3 := $(sort $(wildcard profiles/finnish-phr-r4/fiphr-cs-*.json)) \
	$(sort $(wildcard profiles/finnish-phr-r4/fiphr-vs-*.json)) \
	$(sort $(wildcard profiles/finnish-phr-stu3/*.json))

.PHONY: all deps run check check-all wider lint unit http-test bench fuzz clean clients \
	conformance differential generated install uninstall help image image-test
.DELETE_ON_ERROR:

all: $(B)/mock-kanta-phr

help:
	@sed -n 's/^## //p' Makefile

# ---- what is needed ---------------------------------------------------

## make deps       install what is missing (Debian, Ubuntu), fetch definitions
deps:
	@sh server/tools/deps.sh all

# "make" alone only names what is missing; the others install it.
INSTALLS := $(filter run check check-all wider lint unit unit-quiet http-test bench \
	clients conformance differential generated fuzz,$(MAKECMDGOALS))

build/deps-build:
	@sh server/tools/deps.sh $(if $(INSTALLS),build,named)
	@mkdir -p build && touch $@

build/deps-test:
	@sh server/tools/deps.sh test
	@mkdir -p build && touch $@

build/definitions/.stamp: profiles/package.json profiles/package-lock.json \
		profiles/.npmrc | build/deps-build
	@sh server/tools/deps.sh $(if $(INSTALLS),definitions,named)
	@touch $@

# ---- building ---------------------------------------------------------

$(B)/obj/%.o: server/%.c Makefile | build/deps-build
	@mkdir -p $(@D)
	@echo '  CC    $@'
	$(Q)$(CC) $(ALLFLAGS) -c -o $@ $<

$(B)/mock-kanta-phr: $(OBJ) $(B)/assets.o
	@echo '  LINK  $@'
	$(Q)$(CC) $(CFLAGS) $(SANFLAGS) $(LDFLAGS) -o $@ $^ $(LIBS)

# Tools run while building: never with sanitizers, always optimised.
TOOLSRC := $(wildcard server/base/*.c server/json/*.c server/fhirpath/*.c \
	server/profile/*.c)
$(TOOLB)/definitions: server/tools/definitions.c $(TOOLSRC) \
		$(wildcard server/base/*.h server/json/*.h \
		server/fhirpath/*.h server/profile/*.h) | build/deps-build
	@mkdir -p $(@D)
	@echo '  TOOL  $@'
	$(Q)$(CC) -std=c11 $(WARN) -O2 -g $(CPPFLAGS) -o $@ $(filter %.c,$^) $(LIBS)

$(TOOLB)/embed: server/tools/embed.c server/base/base.h | build/deps-build
	@mkdir -p $(@D)
	@echo '  TOOL  $@'
	$(Q)$(CC) -std=c11 $(WARN) -O2 -g $(CPPFLAGS) -o $@ $<

build/image/stu3.img: $(TOOLB)/definitions build/definitions/.stamp
	@mkdir -p $(@D)
	@echo '  IMAGE $@'
	$(Q)$(TOOLB)/definitions stu3 $(DEFS)/hl7.fhir.r3.examples $@

build/image/r4.img: $(TOOLB)/definitions build/definitions/.stamp
	@mkdir -p $(@D)
	@echo '  IMAGE $@'
	$(Q)$(TOOLB)/definitions r4 $(DEFS)/hl7.fhir.r4.examples $@

build/image/stu3-national.img: build/image/stu3.img $(NATIONAL_STU3) \
		build/assets.list
	@echo '  LAYER $@'
	$(Q)$(TOOLB)/definitions stu3 $< $@ $(NATIONAL_STU3)

build/image/r4-national.img: build/image/r4.img $(NATIONAL_R4) build/assets.list
	@echo '  LAYER $@'
	$(Q)$(TOOLB)/definitions r4 $< $@ $(NATIONAL_R4)

# The names of the files are part of the input: a removed file counts too.
# Unit tests get the texts without the large images.
build/assets.list build/texts.list: FORCE
	@mkdir -p $(@D)
	@echo $(ASSETS) $(IMAGES) $(LAYERS) | cmp -s - $@ || \
		echo $(ASSETS) $(IMAGES) $(LAYERS) >$@
.PHONY: FORCE
FORCE:

build/assets.S: $(TOOLB)/embed build/assets.list $(ASSETS) $(IMAGES) $(LAYERS)
	@echo '  EMBED $@'
	$(Q)$(TOOLB)/embed $@ $(ASSETS) $(IMAGES) $(LAYERS)

build/texts.S: $(TOOLB)/embed build/texts.list $(ASSETS)
	@echo '  EMBED $@'
	$(Q)$(TOOLB)/embed $@ $(ASSETS)

$(B)/%.o: build/%.S
	@mkdir -p $(@D)
	$(Q)$(CC) -c -o $@ $<

## make run        build and start on http://127.0.0.1:8080 with the fixtures
run: all
	$(B)/mock-kanta-phr serve --listen http://127.0.0.1:$(PORT) $(ARGS)

# ---- tests ------------------------------------------------------------

# A unit test links its module and the lower layers it stands on.
UNIT_base    := base
UNIT_json    := json base
UNIT_jose    := jose base
UNIT_fhirpath := fhirpath json base
UNIT_fpvalue := fhirpath json base
UNIT_pki     := pki jose json base
UNIT_mint    := pki jose json base
UNIT_profile := profile fhirpath json base
UNIT_store   := store base
UNIT_http    := http jose base
UNIT_page    := page base
UNIT_index   := page record profile fhirpath store pki jose json base
UNIT_record  := page record profile fhirpath store pki jose json base
UNIT_certificate := page record profile fhirpath store pki jose json base
UNIT_define  := page record profile fhirpath store pki jose json base
UNIT_display := page record profile fhirpath store pki jose json base
UNIT_fhir    := fhir http page record profile fhirpath store pki jose json base
UNIT_oauth   := oauth site http page record profile fhirpath store pki jose json base
UNIT_report  := admin site http page record profile fhirpath store pki jose json base
UNIT_generate := generate page profile fhirpath json base
UNIT_mutant  := generate page profile fhirpath json base
UNIT_cli     := cli fhir oauth admin web site http page record generate profile fhirpath \
	store pki jose json base
UNIT_openapi := admin site http page record generate profile fhirpath store pki jose \
	json base
UNIT_redact  := admin site http page record generate profile fhirpath store pki jose \
	json base
UNITS := $(patsubst tests/unit/test_%.c,%,$(wildcard tests/unit/test_*.c))

define unit_rule
$(B)/unit/$(1): tests/unit/test_$(1).c $(wildcard tests/unit/*.h) \
		$(foreach m,$(UNIT_$(1)),$(call mods,$(m))) \
		$(if $(filter page,$(UNIT_$(1))),$(B)/texts.o) \
		| build/deps-test $(if $(filter profile,$(UNIT_$(1))),$(IMAGES))
	@mkdir -p $$(@D)
	@echo '  TEST  $$@'
	$(Q)$(CC) -std=c11 $(WARN) $(CFLAGS) $(SANFLAGS) $(CPPFLAGS) $(LDFLAGS) \
		-o $$@ $$(filter %.c %.o,$$^) -lcmocka $(LIBS)
endef
$(foreach u,$(UNITS),$(eval $(call unit_rule,$(u))))

# Several at once, the longest one first; each one's output in one piece.
unit: $(UNITS:%=$(B)/unit/%)
	@printf '%s\n' mutant $(filter-out mutant,$(UNITS)) | \
		xargs -P "$$(nproc)" -I{} sh -c '$(B)/unit/{} >$(B)/unit/{}.log \
		2>&1; s=$$?; cat $(B)/unit/{}.log; exit $$s'

http-test: $(B)/mock-kanta-phr | build/deps-test
	@rm -rf build/answers
	MOCK=$(abspath $(B))/mock-kanta-phr CORPUS='$(CORPUS)' CASES='$(CASES)' \
		ANSWERS=$(abspath build)/answers URL='$(URL)' \
		$(PYTEST) -q -n auto --dist loadfile tests/http \
		$(ARGS)

## make check      sanitizer build, unit and HTTP tests (under 3 minutes)
check:
	@$(MAKE) --no-print-directory SAN=1 -j2 unit-quiet
	@$(MAKE) --no-print-directory SAN=1 http-test

unit-quiet: $(UNITS:%=$(B)/unit/%) $(B)/mock-kanta-phr
	@$(MAKE) --no-print-directory SAN=1 unit

## make clients    the client libraries of vendors, and the official JSON
##                 schemas against the answers of the last check
clients: all build/deps-clients
	MOCK=$(abspath build)/mock-kanta-phr ANSWERS=$(abspath build)/answers \
		SCHEMAS=$(abspath build)/schemas \
		node --test --test-reporter=spec tests/clients
	MOCK=$(abspath build)/mock-kanta-phr \
		$(PYTEST) -q -rs -p no:cacheprovider tests/clients

build/deps-clients: tests/clients/package-lock.json tests/clients/schemas.mjs \
		server/tools/deps.sh
	@sh server/tools/deps.sh clients
	@mkdir -p build && touch $@

## make check-all  check, then clients, kill -9, valgrind and the fuzz targets,
##                 briefly
check-all: check
	@$(MAKE) --no-print-directory wider

## make wider      the same without check, which has been seen to pass
wider: build/deps-lint build/deps-ship
	@$(MAKE) --no-print-directory all clients
	MOCK=$(abspath build)/mock-kanta-phr $(PYTEST) -q -n 2 tests/all
	MOCK=$(abspath build)/mock-kanta-phr $(PYTEST) -q -rs tests/ship
	$(if $(CASES),@$(MAKE) --no-print-directory conformance)
	@$(MAKE) --no-print-directory fuzz T=10 SEED=1 RUNS=5000

# ---- the image --------------------------------------------------------

# What images are built with, where there is no Docker engine, and where that
# keeps its own. Empty: docker, or buildah.
IMAGE_TOOLS ?=
IMAGE_CACHE ?= $(abspath build)/container
export IMAGE_TOOLS IMAGE_CACHE

## make image      the container image mock-kanta-phr:VERSION (Docker, buildah, or
##                 IMAGE_TOOLS=FOLDER)
image:
	@sh docker/build.sh $(TAG)

## make image-test builds it and runs it: size, start, stop, user, the HTTP tests
image-test: $(B)/mock-kanta-phr | build/deps-test
	MOCK=$(abspath $(B))/mock-kanta-phr \
		$(PYTEST) -q -rs tests/ship/test_image.py

# ---- lint -------------------------------------------------------------

build/deps-lint:
	@sh server/tools/deps.sh lint
	@mkdir -p build && touch $@

build/deps-ship:
	@sh server/tools/deps.sh ship
	@mkdir -p build && touch $@

CSOURCES = $(wildcard server/*.c server/*/*.c server/*/*.h tests/unit/*.c \
	tests/unit/*.h tests/fuzz/*.c tests/bench/*.c)

## make lint       rules of the house, format, two compilers, clang-tidy
lint: build/deps-build build/deps-lint build/deps-test \
		build/definitions/.stamp
	$(PYTEST) -q tests/lint
	clang-format --dry-run -Werror $(CSOURCES)
	@$(MAKE) --no-print-directory -j2 B=build/gcc \
		CFLAGS='-O2 -g -fPIE -Werror' build/gcc/mock-kanta-phr
	@$(MAKE) --no-print-directory -j2 B=build/clang CC=clang \
		CFLAGS='-O2 -g -fPIE -Werror' build/clang/mock-kanta-phr
	@for c in gcc clang; do $$c -std=c11 $(WARN) -Werror $(CPPFLAGS) \
		-fsyntax-only $(filter tests/%.c,$(CSOURCES)) || exit 1; done
	/usr/bin/python3 tests/lint/lint.py --objects build/gcc/obj
	printf '%s\0' $(filter %.c,$(wildcard server/*.c server/*/*.c)) | \
		xargs -0 -n4 -P2 sh -c 'clang-tidy --quiet "$$@" -- \
		-std=c11 $(CPPFLAGS) 2>/dev/null' tidy
	@echo "lint: all rules hold"

# ---- fuzzing and measuring --------------------------------------------

# SEED 0: another one each time. RUNS -1: as many as there is time for. The
# wider checks go a short way, the same one each time: what is found by chance
# is found here, not in another's change.
T ?= 60
fuzz: SEED ?= 0
RUNS ?= -1
FUZZERS := $(patsubst tests/fuzz/fuzz_%.c,%,$(wildcard tests/fuzz/fuzz_*.c))
FUZZ_json    := json base
FUZZ_value   := fhirpath json base
FUZZ_form    := http jose base
FUZZ_proxy   := http jose base
FUZZ_fhirpath := profile fhirpath json base
FUZZ_index   := record page profile fhirpath store pki jose json base
FUZZ_search  := fhir http record page profile fhirpath store pki jose json base
FUZZ_bundle  := fhir http record page profile fhirpath store pki jose json base
FUZZ_header  := oauth site http record page profile fhirpath store pki jose json base
FUZZ_resource := profile fhirpath json base
FUZZ_package := profile fhirpath json base
FUZZ_archive := profile fhirpath json base
FUZZ_jws     := jose base
FUZZ_cert    := pki jose json base
FUZZ_page    := page base
FUZZ_client  := record page profile fhirpath store pki jose json base
FUZZ_oauth   := oauth web site http record page profile fhirpath store pki jose json base
FUZZ_redact  := admin site http record generate page profile fhirpath store pki jose \
	json base
FUZZ_fault   := admin fhir oauth site http record generate page profile fhirpath store pki jose json base

# Modules are compiled once for all targets.
FUZZFLAGS := -std=c11 $(WARN) -O1 -g $(CPPFLAGS) -fno-sanitize-recover=all -MMD -MP
build/fuzz/obj/%.o: server/%.c Makefile | build/deps-lint
	@mkdir -p $(@D)
	@echo '  FUZZ  $@'
	$(Q)clang $(FUZZFLAGS) -fsanitize=fuzzer-no-link,address,undefined \
		-c -o $@ $<

define fuzz_rule
build/fuzz/$(1): tests/fuzz/fuzz_$(1).c $(wildcard tests/fuzz/*.h) \
		$(foreach m,$(FUZZ_$(1)),$(patsubst \
		server/%.c,build/fuzz/obj/%.o,$(wildcard server/$(m)/*.c))) \
		$(if $(filter page,$(FUZZ_$(1))),build/texts.o) | build/deps-lint
	@mkdir -p $$(@D)
	@echo '  FUZZ  $$@'
	$(Q)clang $(FUZZFLAGS) -fsanitize=fuzzer,address,undefined -o $$@ \
		$$(filter %.c %.o,$$^) $(LIBS)
endef
$(foreach f,$(FUZZERS),$(eval $(call fuzz_rule,$(f))))

## make fuzz T=60  each libFuzzer target for T seconds
fuzz: $(FUZZERS:%=build/fuzz/%) $(IMAGES)
	@for f in $(FUZZERS); do mkdir -p build/corpus/$$f && \
		build/fuzz/$$f -max_total_time=$(T) -runs=$(RUNS) -timeout=10 \
		-seed=$(SEED) \
		-artifact_prefix=build/fuzz/$$f- build/corpus/$$f \
		$$(ls -d tests/fuzz/seed/$$f 2>/dev/null) \
		>build/fuzz/$$f.log 2>&1 || \
		{ tail -n 60 build/fuzz/$$f.log; exit 1; }; \
		echo "fuzz $$f: $$(grep -c . build/fuzz/$$f.log) lines of log," \
		"nothing found"; done

build/deps-bench:
	@sh server/tools/deps.sh bench
	@mkdir -p build && touch $@

## make bench      start, memory, checking, requests, TLS and searches, as a table;
##                 PEER=FOLDER [PEER_MODULES=FOLDER] beside another server;
##                 QUICK=1 searches in less
bench: all $(addprefix build/bench/,check bare handshake load trust) \
		| build/deps-bench
	/usr/bin/python3 tests/bench/bench.py build/mock-kanta-phr \
		--check build/bench/check --bare build/bench/bare \
		$(if $(PEER),--peer $(PEER)) \
		$(if $(PEER_MODULES),--peer-modules $(PEER_MODULES)) \
		$(if $(QUICK),--quick) $(if $(ONLY),--only $(ONLY)) \
		$(if $(ORACLE),--oracle '$(ORACLE)') \
		$(if $(PACKAGE),--oracle-package $(PACKAGE))

build/bench/bare: tests/bench/bare.c | build/deps-build
	@mkdir -p $(@D)
	@echo '  BENCH $@'
	$(Q)$(CC) -std=c11 $(WARN) -O2 -g $(CPPFLAGS) -o $@ $< -lmicrohttpd

build/bench/handshake: tests/bench/handshake.c | build/deps-build
	@mkdir -p $(@D)
	@echo '  BENCH $@'
	$(Q)$(CC) -std=c11 $(WARN) -O2 -g $(CPPFLAGS) -o $@ $< -lgnutls

build/bench/load: tests/bench/load.c | build/deps-build
	@mkdir -p $(@D)
	@echo '  BENCH $@'
	$(Q)$(CC) -std=c11 $(WARN) -O2 -g $(CPPFLAGS) -o $@ $< -lssl -lcrypto \
		-lpthread

build/bench/trust: tests/bench/trust.c $(call mods,pki) $(call mods,jose) \
		$(call mods,json) $(call mods,base)
	@mkdir -p $(@D)
	@echo '  BENCH $@'
	$(Q)$(CC) -std=c11 $(WARN) $(CFLAGS) $(CPPFLAGS) -o $@ \
		$(filter %.c %.o,$^) $(LIBS)

build/bench/check: tests/bench/check.c $(call mods,profile) \
		$(call mods,fhirpath) $(call mods,json) $(call mods,base) \
		| $(IMAGES)
	@mkdir -p $(@D)
	@echo '  BENCH $@'
	$(Q)$(CC) -std=c11 $(WARN) $(CFLAGS) $(CPPFLAGS) -o $@ \
		$(filter %.c %.o,$^) $(LIBS)

# ---- conformance ------------------------------------------------------

## make conformance CASES=FOLDER  verdicts against recorded ones, per area
conformance: all
	/usr/bin/python3 tests/conformance/cases.py build/mock-kanta-phr \
		$(CASES) --score tests/conformance/score.tsv

## make differential ORACLE=COMMAND SOURCES='FILES...' FHIR=r4 COUNT=2000
##                 mutants of the sources against another validator
FHIR  ?= r4
COUNT ?= 2000
differential: SEED ?= 1
MUTANTS = build/mutants/$(FHIR)-$(SEED)
differential: all
	rm -rf $(MUTANTS)
	/usr/bin/python3 tests/conformance/mutate.py --out $(MUTANTS) \
		--count $(COUNT) --seed $(SEED) $(wildcard $(SOURCES))
	/usr/bin/python3 tests/conformance/differential.py \
		build/mock-kanta-phr --oracle '$(ORACLE)' --fhir $(FHIR) \
		$(if $(PACKAGE),--package $(PACKAGE)) --least 98 $(MUTANTS)

## make generated ORACLE=COMMAND PACKAGE=FOLDER DAYS=30
##                 what generate makes, of R4, against another validator
DAYS ?= 30
generated: all
	rm -rf build/generated
	/usr/bin/python3 tests/conformance/generated.py \
		build/mock-kanta-phr --oracle '$(ORACLE)' \
		--package $(PACKAGE) --days $(DAYS) build/generated

## make clean      remove what was built (the definitions stay)
clean:
	rm -rf build/obj build/san build/gcc build/clang build/fuzz/obj \
		$(FUZZERS:%=build/fuzz/%) build/bench build/tool build/image \
		build/unit build/assets.* build/texts.* build/mock-kanta-phr

# ---- installing -------------------------------------------------------

# The places are those of the GNU standards; each may be told.
exec_prefix ?= $(prefix)
bindir      ?= $(exec_prefix)/bin
datarootdir ?= $(prefix)/share
mandir      ?= $(datarootdir)/man
docdir      ?= $(datarootdir)/doc/mock-kanta-phr
bashcompletiondir ?= $(datarootdir)/bash-completion/completions
zshcompletiondir  ?= $(datarootdir)/zsh/site-functions
fishcompletiondir ?= $(datarootdir)/fish/vendor_completions.d
systemdsystemunitdir ?= $(prefix)/lib/systemd/system
INSTALL ?= install

# what is installed beside the binary: made by it, so it cannot be out of date
SHARE := $(addprefix $(B)/share/,mock-kanta-phr.1 mock-kanta-phr.bash \
	_mock-kanta-phr mock-kanta-phr.fish mock-kanta-phr.service)
.PHONY: share deb
share: $(SHARE)

$(B)/share/mock-kanta-phr.1: $(B)/mock-kanta-phr
	@mkdir -p $(@D)
	$(Q)$< man >$@

$(B)/share/mock-kanta-phr.bash: $(B)/mock-kanta-phr
	@mkdir -p $(@D)
	$(Q)$< completion bash >$@

$(B)/share/_mock-kanta-phr: $(B)/mock-kanta-phr
	@mkdir -p $(@D)
	$(Q)$< completion zsh >$@

$(B)/share/mock-kanta-phr.fish: $(B)/mock-kanta-phr
	@mkdir -p $(@D)
	$(Q)$< completion fish >$@

# bindir may be another one the next time
$(B)/share/mock-kanta-phr.service: docker/systemd/mock-kanta-phr.service.in FORCE
	@mkdir -p $(@D)
	$(Q)sed 's|@bindir@|$(bindir)|g' $< >$@

INSTALLED = $(bindir)/mock-kanta-phr $(mandir)/man1/mock-kanta-phr.1 \
	$(bashcompletiondir)/mock-kanta-phr $(zshcompletiondir)/_mock-kanta-phr \
	$(fishcompletiondir)/mock-kanta-phr.fish \
	$(systemdsystemunitdir)/mock-kanta-phr.service \
	$(docdir)/README.md $(docdir)/LICENSE

## make install    DESTDIR, prefix and the other GNU directories; uninstall
install: $(B)/mock-kanta-phr $(SHARE)
	$(INSTALL) -D -m 755 $< $(DESTDIR)$(bindir)/mock-kanta-phr
	$(INSTALL) -D -m 644 $(B)/share/mock-kanta-phr.1 \
		$(DESTDIR)$(mandir)/man1/mock-kanta-phr.1
	$(INSTALL) -D -m 644 $(B)/share/mock-kanta-phr.bash \
		$(DESTDIR)$(bashcompletiondir)/mock-kanta-phr
	$(INSTALL) -D -m 644 $(B)/share/_mock-kanta-phr \
		$(DESTDIR)$(zshcompletiondir)/_mock-kanta-phr
	$(INSTALL) -D -m 644 $(B)/share/mock-kanta-phr.fish \
		$(DESTDIR)$(fishcompletiondir)/mock-kanta-phr.fish
	$(INSTALL) -D -m 644 $(B)/share/mock-kanta-phr.service \
		$(DESTDIR)$(systemdsystemunitdir)/mock-kanta-phr.service
	$(INSTALL) -D -m 644 README.md $(DESTDIR)$(docdir)/README.md
	$(INSTALL) -D -m 644 LICENSE $(DESTDIR)$(docdir)/LICENSE

uninstall:
	rm -f $(addprefix $(DESTDIR),$(INSTALLED))
	-rmdir --ignore-fail-on-non-empty $(DESTDIR)$(docdir) 2>/dev/null

## make deb        a Debian package in build/deb, from what make needs
deb: build/definitions/.stamp
	@sh server/tools/deps.sh ship
	@sh docker/deb.sh $$(sed -n \
		's/^#define PROGRAM_VERSION "\(.*\)"/\1/p' server/cli/cli.h)

-include $(shell find $(B)/obj build/fuzz/obj -name '*.d' 2>/dev/null)
