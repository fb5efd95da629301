"""Where figures go: a table for people (Markdown) and a line of JSON each for scripts, with the conditions beside them."""
import datetime
import json
import os
import pathlib
import platform
import statistics
import subprocess

from .servers import ROOT


def text_of(*command):
    done = subprocess.run(command, capture_output=True, text=True, cwd=ROOT)
    return done.stdout.strip()


def cpu_model():
    for line in pathlib.Path("/proc/cpuinfo").read_text().splitlines():
        if line.startswith("model name"):
            return line.partition(":")[2].strip()
    return platform.machine()


def conditions(options):
    return {
        "time": datetime.datetime.now(datetime.timezone.utc).isoformat(timespec="seconds"),
        "commit": text_of("git", "describe", "--always", "--dirty"),
        "cores": os.cpu_count(),
        "cpu": cpu_model(),
        "full_memory_gib": options.memory,
        "memory_gib": round(os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30),
        "kernel": platform.release(),
        "file_system": text_of("findmnt", "-n", "-o", "FSTYPE", "-T", str(options.work)),
        "load_before": round(os.getloadavg()[0], 2),
        "rounds": options.rounds,
        "java": (text_of("sh", "-c", "java -version 2>&1").splitlines() or ["none"])[0],
    }


class Report:
    def __init__(self, options):
        self.conditions = conditions(options)
        self.rows = []
        self.raw = []
        stamp = self.conditions["time"].replace(":", "").replace("+0000", "Z")
        self.base = options.out / f"{stamp}-{'-'.join(options.what) if options.what else 'all'}"
        options.out.mkdir(parents=True, exist_ok=True)

    def sample(self, bench, case, subject, values):
        """One measurement, kept as it was seen."""
        self.raw.append({"bench": bench, "case": case, "subject": subject, "load": round(os.getloadavg()[0], 2), **values})
        shown = ", ".join(f"{key} {value}" for key, value in values.items())
        print(f"  {bench} {case} {subject}: {shown}", flush=True)

    def median(self, bench, case, subject, key):
        found = [r[key] for r in self.raw if (r["bench"], r["case"], r["subject"]) == (bench, case, subject) and key in r]
        return round(statistics.median(found), 6) if found else None

    def row(self, what, target, reached, **figures):
        """One line of the table. `reached`: True, False, or None where there is nothing to compare with."""
        self.rows.append({"what": what, "target": target, "reached": reached, **figures})

    def write(self):
        self.conditions["load_after"] = round(os.getloadavg()[0], 2)
        with open(f"{self.base}.jsonl", "w") as out:
            out.write(json.dumps({"conditions": self.conditions}) + "\n")
            for line in self.raw:
                out.write(json.dumps(line) + "\n")
            for line in self.rows:
                out.write(json.dumps({"figure": line}) + "\n")
        text = self.markdown()
        pathlib.Path(f"{self.base}.md").write_text(text)
        print("\n" + text)
        print(f"written: {self.base}.md and .jsonl")

    def markdown(self):
        c = self.conditions
        full = f", of which {c['full_memory_gib']} GiB are used here, and are full" if c["full_memory_gib"] else ""
        lines = [f"# Figures of {c['time']}", "",
                 f"Commit {c['commit']}; {c['cores']} cores ({c['cpu']}), {c['memory_gib']} GiB{full}, kernel {c['kernel']}, {c['file_system']}; "
                 f"load before {c['load_before']}, after {c['load_after']}; {c['java']}; medians of {c['rounds']} interleaved rounds. "
                 "Holdfast acknowledges after fdatasync; Kafka's default does not sync.", "",
                 "| what | holdfast | Kafka, unsynced | Kafka, flush.messages=1 | target | reached |", "|---|---|---|---|---|---|"]
        for row in self.rows:
            verdict = {True: "yes", False: "**no**", None: ""}[row["reached"]]
            cells = [row["what"], row.get("ours"), row.get("kafka"), row.get("flush"), row["target"], verdict]
            lines.append("| " + " | ".join("" if cell is None else str(cell) for cell in cells) + " |")
        return "\n".join(lines) + "\n"
