# framescout on the processor, without torch: indexes and searches with the starter, and serves the page.
#
#     docker build -t framescout .
#     docker run --rm -v ~/footage:/footage:ro -v framescout:/catalog framescout index /footage
#     docker run --rm -v ~/footage:/footage:ro -v framescout:/catalog framescout search "a red car"
#
# Footage has to lie at the same place in every run: the catalog knows it by its path.
FROM python:3.11-slim-bookworm

WORKDIR /src
COPY . .
RUN python -m pip install --no-cache-dir --no-deps . -r requirements-small.txt \
    && python -m pip install --no-cache-dir "fastapi>=0.115,<1" "uvicorn>=0.34,<1" "jinja2>=3.1,<4" "imageio-ffmpeg>=0.8,<1" \
    && useradd --uid 10001 --create-home framescout \
    && install -d -o framescout /catalog

WORKDIR /catalog
USER 10001
ENV FRAMESCOUT_CATALOG=/catalog
VOLUME /catalog
ENTRYPOINT ["framescout"]
CMD ["--help"]
