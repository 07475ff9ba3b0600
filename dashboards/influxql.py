"""
An InfluxQL query as Grafana stores it. The SDK has no InfluxDB in it; InfluxQL is the
one query language that InfluxDB 1.x, 2.x and 3.x share.
"""

from typing import Any

from grafana_foundation_sdk.cog.builder import Builder
from grafana_foundation_sdk.cog.variants import Dataquery
from grafana_foundation_sdk.models.common import DataSourceRef

DATASOURCE = DataSourceRef(type_val="influxdb", uid="gridtide-influxdb")  # provisioning/datasource.yaml


class InfluxQuery(Dataquery):
    def __init__(self, ref_id: str, query: str, alias: str) -> None:
        self.ref_id = ref_id
        self.query = query
        self.alias = alias

    def to_json(self) -> dict[str, Any]:
        return {
            "refId": self.ref_id,
            "datasource": DATASOURCE,
            "rawQuery": True,
            "query": self.query,
            "alias": self.alias,
            "resultFormat": "time_series",
        }


class Query(Builder[InfluxQuery]):
    """query: InfluxQL with Grafana's $timeFilter and $__interval. alias: the series' name, with $col and $tag_..."""

    def __init__(self, ref_id: str, query: str, alias: str) -> None:
        self._query = InfluxQuery(ref_id, query, alias)

    def build(self) -> InfluxQuery:
        return self._query
