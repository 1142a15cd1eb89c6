.POSIX:

# Each can be overridden: make test PYTHON=python3.12 VENV=/somewhere/else PYTEST_ARGS='-k returns'
PYTHON = python3.13 python3.12 python3.11 python3
VENV = .venv
WORKERS = 2
PYTEST_ARGS =
DEMO_ARGS =
BENCH_ARGS =
SOAK_ARGS =
ASSETS_ARGS =
UPGRADE =

BIN = $(VENV)/bin
PIP = $(BIN)/python -m pip --disable-pip-version-check
# Nothing is built on this machine but the project itself: what has no wheel is refused, not compiled.
PIP_INSTALL = $(PIP) install --quiet --require-hashes --only-binary :all:
RUN_READY = $(VENV)/.run-ready
TEST_READY = $(VENV)/.test-ready
COMPILE = $(VENV)-lock/bin/pip-compile --quiet --no-config --allow-unsafe --strip-extras --generate-hashes \
	--no-header --no-emit-options --no-emit-index-url --no-emit-trusted-host --no-emit-find-links $(UPGRADE)

.PHONY: help demo install test check bench soak rights assets mining-venv audit lock clean

help: ## 列出命令 / List the commands
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-11s %s\n", $$1, $$2 }' Makefile

demo: $(RUN_READY) ## 安装运行依赖并启动演示 / Install what running needs and start the demo
	$(BIN)/huying demo $(DEMO_ARGS)

install: $(TEST_READY) ## 安装到 .venv,含开发工具 / Install into .venv, development tools included

test: $(TEST_READY) ## 运行全部测试 / Run all tests
	$(BIN)/python -m pytest -n $(WORKERS) --maxschedchunk 2 $(PYTEST_ARGS)

check: $(TEST_READY) ## 检查格式、规范、类型、分层与文件 / Check format, lint, types, layers and files
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/python -m pytest --quiet tests/contracts/test_files.py

bench: $(TEST_READY) ## 测量性能 / Measure performance
	$(BIN)/huying bench $(BENCH_ARGS)

soak: $(TEST_READY) ## 长时间反复强杀,核对无丢失、无重复 / Kill again and again, and check that nothing is lost or doubled
	$(BIN)/python -m tests.support.soak $(SOAK_ARGS)

assets: $(RUN_READY) ## 取网页所用的第三方文件,供内网使用(需 npm) / Fetch the files of others for intranets (needs npm)
	$(BIN)/python -m web.fetching $(ASSETS_ARGS)

# Its licence (AGPL) keeps it out of every requirement: an environment of its own, asked by a process of its own.
mining-venv: ## 安装 pm4py 到 .venv-pm4py,仅供测试核对 / Install pm4py beside, for tests to hold exports against
	python3 -m venv $(VENV)-pm4py
	$(VENV)-pm4py/bin/python -m pip --disable-pip-version-check install --quiet pm4py==2.7.23.11

# In an environment of its own: what audits the requirements is none of them. Needs a network.
audit: ## 对照漏洞库核查锁定的依赖(需联网) / Hold the pinned requirements against known vulnerabilities (network)
	python3 -m venv $(VENV)-audit
	$(VENV)-audit/bin/python -m pip --disable-pip-version-check install --quiet 'pip-audit>=2.9'
	for file in requirements/*.txt; do \
		$(VENV)-audit/bin/pip-audit --require-hashes --disable-pip --requirement $$file || exit 1; \
	done

# Everything that takes too long for every change: all people on all routes, many more requests of the API.
rights: $(TEST_READY) ## 长时间测试:权限全矩阵、接口模糊测试 / Long tests: the whole matrix of rights, the API fuzzed
	HUYING_SOAK=1 $(BIN)/python -m pytest --quiet tests/integration/test_rights_of_routes.py \
		tests/integration/test_api_fuzzed.py tests/acceptance/test_hostile_texts.py

lock: ## 重新锁定依赖,UPGRADE=--upgrade 取新版 / Pin the requirements again; UPGRADE=--upgrade takes new versions
	@command -v python3.11 > /dev/null || { \
		echo '锁定须用最低版本 python3.11 / Pinning needs the lowest version, python3.11' >&2; exit 1; }
	python3.11 -m venv $(VENV)-lock
	$(VENV)-lock/bin/python -m pip install --quiet 'pip-tools>=7.5'
	# Settings of this machine (mirrors, folders of wheels) must not reach the files.
	unset PIP_FIND_LINKS PIP_EXTRA_INDEX_URL; export PIP_CONFIG_FILE=/dev/null; \
	$(COMPILE) --build-deps-for editable --output-file requirements/run.txt pyproject.toml && \
	$(COMPILE) --build-deps-for editable --extra test --constraint requirements/run.txt \
		--output-file requirements/test.txt pyproject.toml
	for file in requirements/run.txt requirements/test.txt; do \
		{ echo '# Written by `make lock`; change pyproject.toml instead.'; cat $$file; } > $$file.new && \
		mv $$file.new $$file; \
	done
	rm -rf $(VENV)-lock

clean: ## 删除 .venv、缓存与构建产物 / Remove .venv, caches and built files
	rm -rf .venv .venv-lock .venv-pm4py .venv-audit dist build .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

$(BIN)/python:
	@old=; for python in $(PYTHON); do \
		"$$python" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2> /dev/null || continue; \
		old=$$python; \
		"$$python" -c 'import ensurepip, venv' 2> /dev/null || continue; \
		echo "虚拟环境 / Virtual environment: $$python → $(VENV)"; \
		exec "$$python" -m venv $(VENV); \
	done; \
	if [ -n "$$old" ]; then \
		echo "$$old 缺少 ensurepip(Debian、Ubuntu:apt install python3-venv)" \
			"/ $$old lacks ensurepip (Debian, Ubuntu: apt install python3-venv)"; \
	else \
		echo '需要 Python 3.11 或更高 / Python 3.11 or later is needed (tried: $(PYTHON))'; \
	fi >&2; exit 1

$(RUN_READY): requirements/run.txt $(BIN)/python
	@echo '安装运行依赖,首次约一分钟 / Installing what running needs, about a minute the first time'
	$(PIP_INSTALL) -r requirements/run.txt
	$(PIP) install --quiet --no-deps --no-build-isolation -e .
	@touch $@

$(TEST_READY): requirements/test.txt $(RUN_READY)
	@echo '安装开发工具 / Installing the development tools'
	$(PIP_INSTALL) -r requirements/test.txt
	@touch $@
