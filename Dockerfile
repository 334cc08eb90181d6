# docker build -t orderproof .
# docker run --read-only --tmpfs /tmp -p 127.0.0.1:8321:8321 -e ORDERPROOF_API_TOKEN \
#   -v orderproof-data:/var/lib/orderproof/data -v orderproof-keys:/var/lib/orderproof/keys orderproof
#
# All that is written goes to the two volumes, keys apart from what they open; /tmp holds sockets
# and half-read bytes only.

FROM python:3.11-slim AS build

ENV PIP_DISABLE_PIP_VERSION_CHECK=1 PIP_NO_CACHE_DIR=1 PIP_ROOT_USER_ACTION=ignore
WORKDIR /src
COPY . .
# The environment has no pip of its own: nothing can be added to it once it runs.
RUN pip wheel --no-deps --wheel-dir /wheel . \
    && python -m venv --without-pip /opt/orderproof \
    && pip --python /opt/orderproof/bin/python install "$(ls /wheel/*.whl)[s3,scaled,otel]"


FROM python:3.11-slim

RUN useradd --system --uid 10001 --user-group --home-dir /var/lib/orderproof --create-home orderproof \
    && install -d -m 0700 -o orderproof -g orderproof \
        /var/lib/orderproof/data /var/lib/orderproof/keys
COPY --from=build /opt/orderproof /opt/orderproof

ENV PATH=/opt/orderproof/bin:$PATH \
    PYTHONDONTWRITEBYTECODE=1 \
    PYTHONUNBUFFERED=1 \
    ORDERPROOF_DATA=/var/lib/orderproof/data \
    ORDERPROOF_KEYS=/var/lib/orderproof/keys \
    ORDERPROOF_LISTEN=0.0.0.0:8321

USER 10001:10001
WORKDIR /var/lib/orderproof
VOLUME ["/var/lib/orderproof/data", "/var/lib/orderproof/keys"]
EXPOSE 8321

HEALTHCHECK --interval=30s --timeout=5s --start-period=20s --retries=3 \
    CMD ["python", "-c", "import os, urllib.request as u; u.urlopen('http://127.0.0.1:' + os.environ['ORDERPROOF_LISTEN'].rpartition(':')[2] + '/healthz', timeout=4)"]

ENTRYPOINT ["orderproof"]
CMD ["serve"]
