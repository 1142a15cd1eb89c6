"""Files of others that pages use: pinned by version and digest, from a CDN, or the same files from this machine."""

from dataclasses import dataclass

from engine.settings import Settings

CDN = "https://cdn.jsdelivr.net/npm/"
#: Where the same files lie when `HUYING_ASSETS=local`, below `web/static`.
VENDOR = "vendor"


@dataclass(frozen=True, slots=True, kw_only=True)
class Asset:
    """One file of a published package."""

    package: str
    version: str
    path: str
    #: As browsers check it.
    integrity: str

    @property
    def address(self) -> str:
        """Below the CDN."""
        return f"{self.package}@{self.version}/{self.path}"

    @property
    def file(self) -> str:
        """Its name below the vendor folder; the version in it makes an upgrade a new file."""
        return f"{self.package.strip('@').replace('/', '-')}-{self.version}-{self.path.rpartition('/')[2]}"

    def url(self, settings: Settings) -> str:
        """Where a page takes it from."""
        return f"/static/{VENDOR}/{self.file}" if settings.assets == "local" else CDN + self.address


HTMX = Asset(
    package="htmx.org",
    version="4.0.1",
    path="dist/htmx.min.js",
    integrity="sha384-Qp9rdC8H7EqOoX+nR0P3RPG2Noji+qdwJlGpfzwQJsfOpp3sGwIdSP9xO3+UlEhn",
)
TABLER = Asset(
    package="@tabler/core",
    version="1.6.1",
    path="dist/css/tabler.min.css",
    integrity="sha384-tT2UAGE9hxG/p5d0iGIvZ/s8El3nWWG3tfG02i8iOY5Pbf8cZZRVmcrrVs+JG5Vw",
)
MERMAID = Asset(
    package="mermaid",
    version="11.17.2",
    path="dist/mermaid.min.js",
    integrity="sha384-EOXBFmc3gx5mb+vn0vPvvGqACToJD24hhacX5Yx+8NUUQrHIle/Qi5Bg9o3zKwW2",
)
LEAFLET = Asset(
    package="leaflet",
    version="1.9.4",
    path="dist/leaflet.js",
    integrity="sha384-cxOPjt7s7Iz04uaHJceBmS+qpjv2JkIHNVcuOrM+YHwZOmJGBXI00mdUXEq65HTH",
)
LEAFLET_STYLE = Asset(
    package="leaflet",
    version="1.9.4",
    path="dist/leaflet.css",
    integrity="sha384-sHL9NAb7lN7rfvG5lfHpm643Xkcjzp4jFvuavGOndn6pjVqS6ny56CAt3nsEVT4H",
)
ECHARTS = Asset(
    package="echarts",
    version="6.1.0",
    path="dist/echarts.min.js",
    integrity="sha384-C2iskrW/uPW46KzOjrvJIQo4YkV8lkD+QS0CrDN18IIPIpT/g2USu8bTP3nvmIAD",
)
ALL = (HTMX, TABLER, MERMAID, LEAFLET, LEAFLET_STYLE, ECHARTS)
#: Looks at pages in tests; no page uses it, so that no policy allows it.
AXE = Asset(
    package="axe-core",
    version="4.14.1",
    path="axe.min.js",
    integrity="sha384-xt1SFg49QaDwsyt0Xfs2XAyBtYPClXl3X2q5OOLeGAUmq9jZTYIMdztpF99WdhiH",
)
TESTING = (AXE,)
