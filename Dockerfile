# docker build -t orderproof .
# docker run --read-only --tmpfs /tmp -v orderproof:/var/lib/orderproof -p 127.0.0.1:8080:8080 orderproof
#
# All that is written goes to /var/lib/orderproof; /tmp holds sockets and half-read bytes only.

FROM python:3.11-slim AS build

ENV PIP_DISABLE_PIP_VERSION_CHECK=1 PIP_NO_CACHE_DIR=1 PIP_ROOT_USER_ACTION=ignore
WORKDIR /src
COPY . .
# The environment has no pip of its own: nothing can be added to it once it runs.
RUN pip wheel --no-deps --wheel-dir /wheel . \
    && python -m venv --without-pip /opt/orderproof \
    && pip --python /opt/orderproof/bin/python install "$(ls /wheel/*.whl)[proof,s3]"


FROM python:3.11-slim

RUN useradd --system --uid 10001 --user-group --home-dir /var/lib/orderproof --create-home orderproof
COPY --from=build /opt/orderproof /opt/orderproof

ENV PATH=/opt/orderproof/bin:$PATH \
    PYTHONDONTWRITEBYTECODE=1 \
    PYTHONUNBUFFERED=1 \
    ORDERPROOF_HOST=0.0.0.0 \
    ORDERPROOF_PORT=8080

USER 10001:10001
WORKDIR /var/lib/orderproof
VOLUME /var/lib/orderproof
EXPOSE 8080

HEALTHCHECK --interval=30s --timeout=5s --start-period=20s --retries=3 \
    CMD ["python", "-c", "import os, urllib.request as u; u.urlopen('http://127.0.0.1:' + os.environ['ORDERPROOF_PORT'] + '/healthz', timeout=4)"]

ENTRYPOINT ["orderproof"]
CMD ["serve"]
