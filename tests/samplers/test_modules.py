from typing import Any

from tests.samplers.canned import canned_server
from tests.samplers.sampling import run_async, sampling
from tests.servers import RealServer

_INFO = (
    "# Server\r\nredis_version:7.4.0\r\nredis_mode:standalone\r\n# Modules\r\n"
    "module:name=search,ver=21005,api=1,filters=0,usedby=[],using=[ReJSON],options=[handle-io-errors]\r\n"
)
_MODULES = "# search_indexes\r\nsearch_number_of_indexes:2\r\nsearch_total_indexing_time:7\r\n"


def index(documents: int) -> list[Any]:
    return [
        "index_name",
        "x",
        "num_docs",
        documents,
        "inverted_sz_mb",
        "0.5",
        "percent_indexed",
        "1",
        "number_of_uses",
        3,
    ]


def test_modules_and_search_indexes() -> None:
    replies = {
        "INFO ALL": _INFO,
        "INFO MODULES": _MODULES,
        "FT._LIST": ["idx:a", "idx:b", "else"],
        "FT.INFO IDX:A": index(5),
        "FT.INFO IDX:B": Exception("Unknown index name"),
    }

    async def scenario() -> None:
        options = {"modules": {"search_indexes": "^idx:"}}
        async with (
            canned_server(replies) as port,
            sampling(port, "info", "modules", settings=options) as probe,
        ):
            await probe.run()
            labels = {
                "name": "search",
                "ver": "21005",
                "api": "1",
                "filters": "0",
                "usedby": "[]",
                "using": "[ReJSON]",
            }
            assert probe.value("redis_module_info", **labels) == 1.0
            assert probe.value("redis_search_number_of_indexes") == 2.0
            assert probe.value("redis_search_indexing_time_ms_total") == 7.0
            assert probe.value("redis_search_index_num_docs", index_name="idx:a") == 5.0
            assert probe.value("redis_search_index_inverted_size_bytes", index_name="idx:a") == float(1 << 19)
            assert probe.value("redis_search_index_number_of_uses_total", index_name="idx:a") == 3.0
            assert len(probe.values("redis_search_index_num_docs")) == 1

    run_async(scenario)


def test_without_modules_nothing_is_asked(each_server: RealServer) -> None:
    async def scenario() -> None:
        async with sampling(each_server, "info", "modules") as probe:
            await probe.run()
            assert probe.value("redis_vigil_sampler_success", sampler="modules") is None

    run_async(scenario)
