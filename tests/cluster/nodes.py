"""A Ray cluster of a head without processors and nodes of one, on this machine; ends with its standard input.

RAY_TMPDIR=FOLDER python -m tests.cluster.nodes NODES
The first node is of the site berlin, and says that it has a GPU; others are of bonn. Each site has a file of settings
of its own: FOLDER/SITE/framescout/framescout.toml.
It says on stdout, in a line of JSON, what there is; again after each line "add", which adds a node.
"""

from __future__ import annotations

import json
import os
import select
import sys
from pathlib import Path
from typing import Any

from ray.cluster_utils import Cluster

_OBJECT_STORE_BYTES = 80 * 2**20


def main() -> None:
    cluster = Cluster(
        initialize_head=True,
        head_node_args={
            "num_cpus": 0,
            "object_store_memory": _OBJECT_STORE_BYTES,
            "include_dashboard": False,
        },
    )
    try:
        raylets = [_add(cluster, number) for number in range(int(sys.argv[1]))]
        _tell(cluster, raylets)
        while True:
            is_asked = select.select([sys.stdin], [], [], 0.1)[0]
            if is_asked and not sys.stdin.readline():
                return
            if is_asked:
                raylets.append(_add(cluster, len(raylets)))
                _tell(cluster, raylets)
            for raylet in raylets:
                raylet.poll()  # a worker lives as long as it sees the process of its raylet, a zombie too
    finally:
        cluster.shutdown()


def _add(cluster: Cluster, number: int) -> Any:
    site, gpus = ("bonn", 0) if number else ("berlin", 1)
    settings = Path(os.environ["RAY_TMPDIR"]) / site
    (settings / "framescout").mkdir(parents=True, exist_ok=True)
    node = cluster.add_node(
        num_cpus=1,
        num_gpus=gpus,
        labels={"site": site},
        env_vars={"XDG_CONFIG_HOME": str(settings)},
        object_store_memory=_OBJECT_STORE_BYTES,
    )
    return _process(node, "raylet")


def _process(node: Any, kind: str) -> Any:
    return node.all_processes[kind][0].process


def _tell(cluster: Cluster, raylets: list[Any]) -> None:
    head = _process(cluster.head_node, "gcs_server").pid
    facts = {"address": cluster.address, "head": head, "nodes": [raylet.pid for raylet in raylets]}
    print(json.dumps(facts), flush=True)


if __name__ == "__main__":
    main()
