"""What an independent program reads in our files. Run by the Python of an environment of its own, never imported.

`python mined_by_others.py xes|ocel FILE` prints counts as one line of JSON.
"""

import json
import sys
from typing import Any

import pm4py


def _log(path: str) -> dict[str, Any]:
    log = pm4py.read_xes(path)
    return {
        "traces": int(log["case:concept:name"].nunique()),
        "events": len(log),
        "activities": {key: int(n) for key, n in log["concept:name"].value_counts().items()},
        "starts": {key: int(n) for key, n in pm4py.get_start_activities(log).items()},
        "ends": {key: int(n) for key, n in pm4py.get_end_activities(log).items()},
        "columns": sorted(log.columns),
    }


def _objects(path: str) -> dict[str, Any]:
    log = pm4py.read_ocel2_json(path)
    return {
        "events": len(log.events),
        "objects": {key: int(n) for key, n in log.objects["ocel:type"].value_counts().items()},
        "relations": len(log.relations),
        "between": len(log.o2o),
        "changes": int(log.object_changes["ocel:field"].notna().sum()),
        "activities": {key: int(n) for key, n in log.events["ocel:activity"].value_counts().items()},
    }


if __name__ == "__main__":
    print(json.dumps({"xes": _log, "ocel": _objects}[sys.argv[1]](sys.argv[2])))
