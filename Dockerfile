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
# Every library is the one that requirements/ names by digest. The environment has no pip of its own:
# nothing can be added to it once it runs.
RUN python -m venv --without-pip /opt/orderproof \
    && pip --python /opt/orderproof/bin/python install --require-hashes --requirement requirements/image.txt \
    && python -m venv /build \
    && /build/bin/pip install --require-hashes --requirement requirements/build.txt \
    && /build/bin/pip wheel --no-deps --no-build-isolation --wheel-dir /wheel . \
    && pip --python /opt/orderproof/bin/python install --no-deps /wheel/*.whl
# Of the packages' fonts a report takes four files; the others would be most of the image.
RUN apt-get update \
    && apt-get install --yes --no-install-recommends fonts-noto-cjk fonts-dejavu-core \
    && install -d /fonts \
    && cp /usr/share/fonts/opentype/noto/NotoSansCJK-Regular.ttc \
        /usr/share/fonts/opentype/noto/NotoSansCJK-Bold.ttc \
        /usr/share/fonts/truetype/dejavu/DejaVuSans.ttf \
        /usr/share/fonts/truetype/dejavu/DejaVuSans-Bold.ttf /fonts/ \
    && cp /usr/share/doc/fonts-noto-cjk/copyright /fonts/noto-cjk.copyright \
    && cp /usr/share/doc/fonts-dejavu-core/copyright /fonts/dejavu.copyright


FROM python:3.11-slim

RUN useradd --system --uid 10001 --user-group --home-dir /var/lib/orderproof --create-home orderproof \
    && install -d -m 0700 -o orderproof -g orderproof \
        /var/lib/orderproof/data /var/lib/orderproof/keys
COPY --from=build /opt/orderproof /opt/orderproof
COPY --from=build /fonts /usr/local/share/fonts/orderproof

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
