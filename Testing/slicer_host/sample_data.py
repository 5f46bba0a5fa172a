"""Stand-in for ``SampleData``: keeps what was registered; a click on a sample calls its downloader."""


class SampleDataSource:
    """What one sample is."""

    def __init__(
        self, sampleName=None, sampleDescription=None, uris=None, fileNames=None, nodeNames=None, checksums=None,
        loadFiles=None, customDownloader=None, thumbnailFileName=None, loadFileTypes=None, loadFileProperties=None,
        loadFileType=None,
    ):  # fmt: skip
        if uris is None or fileNames is None or nodeNames is None:
            raise TypeError("object of type 'NoneType' has no len()")  # as in Slicer
        self.sampleName, self.customDownloader, self.thumbnailFileName = sampleName, customDownloader, thumbnailFileName


class SampleDataLogic:
    """Knows all samples, by category."""

    _sources: dict[str, list[SampleDataSource]] = {}  # noqa: RUF012

    @staticmethod
    def registerCustomSampleDataSource(
        category="Custom", sampleName=None, uris=None, fileNames=None, nodeNames=None, customDownloader=None,
        thumbnailFileName=None, loadFileTypes=None, loadFiles=None, loadFileProperties=None, checksums=None, loadFileType=None,
    ):  # fmt: skip
        """Take a sample."""
        source = SampleDataSource(
            sampleName, None, uris, fileNames, nodeNames, customDownloader=customDownloader, thumbnailFileName=thumbnailFileName
        )
        SampleDataLogic._sources.setdefault(category, []).append(source)

    @staticmethod
    def sampleDataSourcesByCategory(category=None):
        """Return the samples of a category, all categories without one."""
        return SampleDataLogic._sources if category is None else SampleDataLogic._sources.get(category, [])
