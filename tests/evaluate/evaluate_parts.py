"""A data card and a kept trial, as the page gets them."""


def share(records: int, n: int) -> dict:
    return {"records": records, "share": records / n, "low": 0.8 * records / n, "high": min(1.0, 1.3 * records / n)}


def a_card(**more) -> dict:
    """A data card as the stage `card` writes it, of 300 records."""
    kinds = {"known": 300, "unknown": 0, "records": {"function": 280, "class <b>": 20}, "bytes": {"function": 30000}}
    packages = {f"package-{i}": 18 - i % 2 for i in range(17)}
    licences = {"known": 100, "unknown": 200, "records": {"MIT": 90, "BSD-3-Clause": 10}, "bytes": {"MIT": 9000}}
    return {
        "format": 1,
        "records": 300,
        "not_records": 0,
        "characters": 30_000,
        "bytes": 30_500,
        "words": 6_000,
        "annotated": 3,
        "digest": "ab" * 32,
        "length": {"p5": 90, "p25": 95, "median": 100, "p75": 110, "p95": 120, "longest": 130},
        "fields": {
            "kind": kinds,
            "licence": licences,
            "package": {"known": 300, "unknown": 0, "records": packages, "bytes": packages},
        },
        "dates": {"known": 0, "from": "", "to": ""},
        "mixture": {"repeated_records": 0, "shares": {name: n / 300 for name, n in packages.items()}},
        "looked_at": 200,
        "personal": {"any": share(30, 200) | {"spans": 44}, "EMAIL": share(12, 200) | {"spans": 20}},
        "duplicates": {"exact": 2, "near": 4, "share": 0.02, "biggest_cluster": 3, "near_from": 0.5},
        "removed": {"records": 90, "by": {"exact duplicate": 60, "too short": 25, "evaluation item": 5}},
        "inputs": [],
    } | more


def a_score(name: str, value: float) -> dict:
    return {"name": name, "value": value, "low": value - 0.05, "high": value + 0.05, "n": 40, "direction": "lower"}


def a_trial(challenge: str = "hallucination", when: str = "20260102T030405000000Z", verdict: str = "better") -> dict:
    """A kept trial: one response that helps one measure and does nothing to another."""
    cost = {"seconds": 61.5, "cpu_seconds": 60.0, "peak_memory": 300 * 2**20, "flops": 2.5e12, "late": 1}
    cost |= {"joules": 600.0, "energy_assumption": "10 W a busy core"}
    effects = [
        {
            "measure": measure,
            "direction": "lower",
            "before": a_score(measure, 0.7),
            "after": a_score(measure, 0.7 + change),
            "difference": change,
            "interval": {"low": change - 0.02, "high": change + 0.02, "method": "bootstrap", "confidence": 0.95},
            "margin": 0.03,
            "p": 0.0004 if change else None,
            "verdict": said,
        }
        for measure, change, said in (("unsupported <claims>", -0.4, verdict), ("false answers", 0.0, "no effect"))
    ]
    return {
        "challenge": challenge,
        "subject": "a tiny model & its index",
        "items": 40,
        "seeds": [0, 1],
        "budget_seconds": 120.0,
        "baseline": {"name": "model alone", "scores": [a_score("false answers", 0.7)], "cost": cost},
        "responses": [
            {"name": "retrieve and cite", "effects": effects, "cost": cost | {"peak_memory": None, "flops": None}}
        ],
        "when": when,
    }
