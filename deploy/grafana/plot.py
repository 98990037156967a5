#!/usr/bin/env python3
"""Draws the dashboard's panels from a Prometheus as one SVG, for those who have no Grafana at hand.

    deploy/grafana/plot.py http://127.0.0.1:9090 10m > dashboard.svg
"""
import json
import math
import pathlib
import re
import sys
import time
import urllib.parse
import urllib.request
from xml.sax.saxutils import escape

CELL, ROW, GAP = 60, 26, 8
COLOURS = ["#3274d9", "#e0752d", "#37872d", "#8f3bb8", "#c4162a", "#b8870b", "#1f78a4", "#7a7a7a"]
FIXED = {"green": "#37872d", "red": "#c4162a", "orange": "#e0752d", "blue": "#3274d9"}


def ask(base, path, **parameters):
    with urllib.request.urlopen(f"{base}/api/v1/{path}?{urllib.parse.urlencode(parameters)}", timeout=30) as answer:
        return json.load(answer)["data"]["result"]


def seconds(text):
    return int(text[:-1]) * {"s": 1, "m": 60, "h": 3600}[text[-1]]


def expression(target):
    return re.sub(r"\$(database|event|tenant)", ".*", target["expr"].replace("$__rate_interval", "1m"))


def shown(value, unit):
    if value is None or math.isnan(value):
        return "-"
    if unit == "percentunit":
        return f"{value * 100:.1f} %"
    if unit == "s":
        return f"{value * 1000:.0f} ms" if value < 1 else f"{value:.1f} s"
    if unit == "bytes":
        return f"{value / 2**20:.0f} MiB"
    return f"{value:.0f}" if value == int(value) or value >= 100 else f"{value:.2f}"


def legend(target, labels):
    text = target.get("legendFormat", "__auto")
    if text == "__auto":
        return ", ".join(v for k, v in labels.items() if k not in ("__name__", "job")) or "value"
    return re.sub(r"\{\{(\w+)\}\}", lambda name: labels.get(name.group(1), ""), text)


class Drawing:
    def __init__(self, base, span):
        self.base, self.span, self.end, self.parts, self.height = base, span, time.time(), [], 0

    def text(self, x, y, text, size=11, anchor="start", colour="#24292e", weight="normal"):
        self.parts.append(
            f'<text x="{x:.0f}" y="{y:.0f}" font-size="{size}" text-anchor="{anchor}" fill="{colour}" '
            f'font-weight="{weight}">{escape(text)}</text>')

    def panel(self, panel):
        place = panel["gridPos"]
        x, y = place["x"] * CELL + GAP / 2, place["y"] * ROW + GAP / 2
        w, h = place["w"] * CELL - GAP, place["h"] * ROW - GAP
        self.height = max(self.height, y + h + GAP)
        if panel["type"] == "row":
            self.text(x, y + 14, panel["title"], 14, weight="bold")
            return
        self.parts.append(f'<rect x="{x}" y="{y}" width="{w}" height="{h}" fill="#ffffff" stroke="#d0d7de"/>')
        getattr(self, panel["type"])(panel, x, y, w, h)
        self.text(x + 8, y + 16, panel["title"], 12, weight="bold", colour="#ffffff" if panel["type"] == "stat" else "#24292e")

    def stat(self, panel, x, y, w, h):
        found = ask(self.base, "query", query=expression(panel["targets"][0]))
        value = float(found[0]["value"][1]) if found else None
        style = panel["fieldConfig"]["defaults"]
        colour = "blue"
        for step in style["thresholds"]["steps"]:
            if step["value"] is None or (value is not None and value >= step["value"]):
                colour = step["color"]
        self.parts.append(f'<rect x="{x}" y="{y}" width="{w}" height="{h}" fill="{FIXED[colour]}"/>')
        self.text(x + w / 2, y + h * 0.72, shown(value, style["unit"]), 26, "middle", "#ffffff", "bold")

    def table(self, panel, x, y, w, h):
        rows, names = {}, []
        renamed = panel["transformations"][1]["options"]["renameByName"]
        for target in panel["targets"]:
            names.append(renamed.get(f'Value #{target["refId"]}', renamed.get("Value", "value")))
            for one in ask(self.base, "query", query=expression(target)):
                key = ", ".join(one["metric"].values())
                rows.setdefault(key, {})[names[-1]] = float(one["value"][1])
        for column, name in enumerate(names):
            self.text(x + w - 12 - (len(names) - 1 - column) * 80, y + 36, name, 11, "end", "#57606a")
        # As Grafana shows them: the largest first where there is one number, else by name.
        order = (lambda row: -row[1][names[0]]) if len(names) == 1 else None
        for line, (key, values) in enumerate(sorted(rows.items(), key=order)[: int((h - 44) / 16)]):
            self.text(x + 8, y + 54 + line * 16, key)
            for column, name in enumerate(names):
                unit = "s" if name.startswith("p9") else ""
                self.text(x + w - 12 - (len(names) - 1 - column) * 80, y + 54 + line * 16, shown(values.get(name), unit), 11, "end")

    def timeseries(self, panel, x, y, w, h):
        lines = []
        step = max(1, self.span // 120)
        for target in panel["targets"]:
            for one in ask(self.base, "query_range", query=expression(target), start=self.end - self.span, end=self.end, step=step):
                points = [(float(at), float(value)) for at, value in one["values"] if not math.isnan(float(value))]
                lines.append((legend(target, one["metric"]), points))
        style = panel["fieldConfig"]
        own = {o["matcher"]["options"]: FIXED[o["properties"][0]["value"]["fixedColor"]] for o in style["overrides"]}
        top = max((value for _, points in lines for _, value in points), default=0) or 1
        names = self.placed([name for name, _ in lines[:8]], x + 8 if len(lines) > 3 else x + 62, x + w)
        under = 18 + 12 * (1 + max((row for _, row in names), default=0))
        left, bottom, high = x + 62, y + h - under, h - 32 - under
        for share in (0, 0.5, 1):
            line = bottom - high * share
            self.parts.append(f'<line x1="{left}" y1="{line:.0f}" x2="{x + w - 10}" y2="{line:.0f}" stroke="#eaeef2"/>')
            self.text(left - 6, line + 4, shown(top * share, style["defaults"]["unit"]), 10, "end", "#57606a")
        for number, (name, points) in enumerate(lines[:8]):
            colour = own.get(name, COLOURS[number % len(COLOURS)])
            drawn = " ".join(
                f"{left + (t - self.end + self.span) / self.span * (w - 72):.1f},{bottom - value / top * high:.1f}" for t, value in points)
            self.parts.append(f'<polyline points="{drawn}" fill="none" stroke="{colour}" stroke-width="1.5"/>')
            at, row = names[number]
            self.text(at, bottom + 20 + 12 * row, name, 10, colour=colour)

    @staticmethod
    def placed(names, left, right):
        """Where each name of a legend begins, and in which of its rows."""
        places, at, row = [], left, 0
        for name in names:
            width = 12 + 6 * len(name)
            if at + width > right and at > left:
                at, row = left, row + 1
            places.append((at, row))
            at += width
        return places


def main():
    base, span = sys.argv[1].rstrip("/"), seconds(sys.argv[2] if len(sys.argv) > 2 else "1h")
    dashboard = json.loads((pathlib.Path(__file__).parent / "dashboards/outbox-worker.json").read_text())
    drawing = Drawing(base, span)
    for panel in dashboard["panels"]:
        drawing.panel(panel)
    print(f'<svg xmlns="http://www.w3.org/2000/svg" width="{24 * CELL}" height="{drawing.height:.0f}" '
          f'font-family="system-ui, sans-serif"><rect width="100%" height="100%" fill="#f6f8fa"/>')
    print("\n".join(drawing.parts))
    print("</svg>")


if __name__ == "__main__":
    main()
