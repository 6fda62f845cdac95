"use strict";
// What the page of a render adds to its figures: values under the pointer, curves to switch, zoom, copying, a theme.
// Text comes from presets, so it is set as text and never as HTML.
(() => {
  const make = (tag, properties = {}, ...children) => {
    const element = Object.assign(document.createElement(tag), properties);
    element.append(...children);
    return element;
  };
  const draw = (parent, tag, attributes, text = "") => {
    const element = document.createElementNS(parent.namespaceURI, tag);
    for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, value);
    element.textContent = text;
    return parent.appendChild(element);
  };
  const number = (value, digits = 6) => {
    if (!Number.isFinite(value)) return "–";
    if (!value) return "0";
    const [mantissa, exponent] = value.toExponential(digits - 1).split("e").map(Number);
    return exponent >= -2 && exponent < 4 ? String(Number(value.toPrecision(digits))) : `${mantissa}e${exponent}`;
  };
  const count = value => value.toLocaleString("en-US");
  const between = (value, low, high) => Math.min(Math.max(value, low), high);

  // Round numbers from low to high, at most about `most`.
  const ticks = (low, high, most, least = 0) => {
    const rough = (high - low) / most, power = 10 ** Math.floor(Math.log10(rough));
    const step = Math.max(least, [1, 2, 5, 10].map(digit => digit * power).find(each => each >= rough * 0.999));
    const found = [];
    for (let i = Math.ceil(low / step - 1e-9); i * step <= high + step * 1e-9; i++) found.push(i * step);
    return found;
  };
  const decades = (low, high) => {
    const found = [];
    for (let power = Math.floor(Math.log10(low)); power <= Math.log10(high); power++)
      for (const digit of [1, 2, 5]) found.push(digit * 10 ** power);
    const inside = found.filter(value => value >= low && value <= high);
    return inside.length > 8 ? inside.filter(value => /^1e/.test(value.toExponential())) : inside;
  };

  function enliven(section) {
    const data = JSON.parse(section.querySelector("script.data").textContent);
    const plot = section.querySelector(".plot"), charts = [...plot.querySelectorAll("svg.chart")];
    const panels = data.panels.map((panel, i) => ({
      ...panel, root: document.getElementById(`${section.id}:panel-${i}`),
      axes: ["x", "y"].map(axis => document.getElementById(`${section.id}:panel-${i}-${axis}`)),
    }));
    const series = new Map(data.series.map(one => [one.key, {...one, on: true}]));
    const swatches = new Map([...section.querySelectorAll(".swatch[data-of]")].map(swatch => [swatch.dataset.of, swatch]));
    let shown = null, zoom = null, dragged = null;

    const stepAt = (run, position) => run.steps ? run.steps[position] : position;
    const nearest = (run, step) => { // the position of the nearest step that has values
      let low = 0, high = (run.steps ? run.steps.length : run.updates) - 1;
      while (high - low > 1) {
        const middle = (low + high) >> 1;
        if (stepAt(run, middle) <= step) low = middle; else high = middle;
      }
      return Math.abs(stepAt(run, high) - step) < Math.abs(step - stepAt(run, low)) ? high : low;
    };
    const scale = run => data.x === "epoch" ? (run.epochs ?? 1) / run.per_epoch : 1;
    const limits = panel => ({x: zoom && panel.x[0] === zoom.of[0] && panel.x[1] === zoom.of[1] ? zoom.x : panel.x,
                              y: panel.zoomed || panel.y});
    const toX = (panel, x) => {
      const [low, high] = limits(panel).x;
      return panel.box[0] + (x - low) / (high - low) * panel.box[2];
    };
    const fromX = (panel, left) => {
      const [low, high] = limits(panel).x;
      return low + (left - panel.box[0]) / panel.box[2] * (high - low);
    };
    const toY = (panel, value, [low, high] = limits(panel).y) => {
      const share = panel.log ? Math.log(Math.max(value, 1e-300) / low) / Math.log(high / low) : (value - low) / (high - low);
      return panel.box[1] + (1 - share) * panel.box[3];
    };
    // The panels that share their x axis with this one: its own only in a sheet.
    const beside = panel => data.sheet
      ? panels.filter(other => other.curves.some(([key]) => panel.curves.some(([own]) => own === key))) : panels;
    const keysOf = panel => [...new Set(beside(panel).flatMap(one => one.curves.map(([key]) => key)))];

    // Values under the pointer

    const readout = make("div", {className: "readout", hidden: true});
    readout.setAttribute("aria-live", "polite");
    plot.append(readout);

    function hide() {
      shown = null;
      readout.hidden = true;
      plot.querySelectorAll(".cross").forEach(cross => cross.remove());
    }

    function show(panel, svg, at) {
      const [low, high] = limits(panel).x, x = between(at, Math.max(low, panel.span[0]), Math.min(high, panel.span[1]));
      plot.querySelectorAll(".cross").forEach(cross => cross.remove());
      const visible = keysOf(panel).map(key => series.get(key)).filter(one => one.on);
      if (!visible.length) return hide();
      const runs = [...new Set(visible.map(one => one.run))].map(i => data.runs[i]);
      const run = runs.reduce((one, other) => other.updates * scale(other) > one.updates * scale(one) ? other : one);
      const step = stepAt(run, nearest(run, x / scale(run)));
      shown = {panel, svg, run, step};
      const rows = [];
      const cross = draw(svg, "g", {class: "cross"});
      for (const one of beside(panel)) {
        const left = toX(one, step * scale(run)), [, top, , height] = one.box;
        draw(cross, "line", {x1: left, x2: left, y1: top, y2: top + height});
      }
      for (const one of visible) {
        const own = data.runs[one.run], position = nearest(own, step * scale(run) / scale(own)), at = stepAt(own, position);
        if (step * scale(run) > (own.updates - 0.5) * scale(own)) continue; // this run has ended
        for (const other of beside(panel))
          for (const [key, kind] of other.curves)
            if (key === one.key && Number.isFinite(one[kind][position])) {
              const [, top, , height] = other.box, y = toY(other, one[kind][position]);
              if (y >= top - 1 && y <= top + height + 1)
                draw(cross, "circle", {cx: toX(other, at * scale(own)), cy: y, r: 3, style: swatches.get(key)?.dataset.fill || ""});
            }
        const extra = ["momentum", "metric"].filter(kind => one[kind])
          .map(kind => `${kind} ${number(one[kind][position])}`);
        if (at !== step) extra.push(`step ${count(at)}`);
        const row = make("div", {}, make("span", {textContent: one.name}), make("b", {textContent: number(one.lr[position])}));
        if (swatches.has(one.key)) row.prepend(swatches.get(one.key).cloneNode(true));
        if (extra.length) row.append(make("small", {textContent: extra.join(" · ")}));
        rows.push(row);
      }
      const each = run.epochs ?? 1; // these epochs have `per_epoch` updates in all
      const epochs = new Set(runs.map(({per_epoch, epochs}) => `${per_epoch}/${epochs}`)).size === 1
        ? ` · epoch ${count(Math.floor(((step + 1) * each - 1) / run.per_epoch))}` : "";
      readout.replaceChildren(make("strong", {textContent: `step ${count(step)}${epochs}`}), ...rows);
      readout.hidden = false;
      const frame = plot.getBoundingClientRect(), matrix = svg.getScreenCTM(), [left, top, width] = panel.box;
      const screen = value => matrix.a * value + matrix.e - frame.left;
      const middle = screen(toX(panel, step * scale(run))), onLeft = middle > screen(left + width / 2);
      const place = onLeft ? middle - readout.offsetWidth - 12 : middle + 12;
      readout.style.left = `${between(place, 0, Math.max(frame.width - readout.offsetWidth, 0))}px`;
      readout.style.top = `${matrix.d * top + matrix.f - frame.top}px`;
    }

    const again = () => shown && show(shown.panel, shown.svg, shown.step * scale(shown.run));

    // Zoom

    const originals = new Map(); // attributes of the elements of curves before the zoom
    const original = (element, name) => {
      if (!originals.has(element)) originals.set(element, {});
      return originals.get(element)[name] ??= element.getAttribute(name);
    };

    function applyZoom() {
      section.querySelectorAll(".zoom-ticks").forEach(group => group.remove());
      for (const panel of panels) {
        panel.zoomed = null;
        const [left, top, width, height] = panel.box, {x} = limits(panel);
        const isZoomed = x !== panel.x;
        if (isZoomed && !data.sheet) panel.zoomed = visibleRange(panel, x);
        const a = (panel.x[1] - panel.x[0]) / (x[1] - x[0]);
        const moveX = value => left + (value - left) * a - (x[0] - panel.x[0]) / (x[1] - x[0]) * width;
        const y = limits(panel).y;
        const high = toY(panel, panel.y[1], y), low = toY(panel, panel.y[0], y);
        const moveY = value => high + (value - top) / height * (low - high);
        const clip = `${panel.root.id}-clip`;
        if (isZoomed && !document.getElementById(clip))
          draw(draw(panel.root, "clipPath", {id: clip}), "rect", {x: left, y: top, width, height});
        for (const group of panel.root.querySelectorAll("[data-curve]"))
          if (isZoomed) group.setAttribute("clip-path", `url(#${clip})`); else group.removeAttribute("clip-path");
        const round = value => Math.round(value * 100) / 100;
        for (const element of panel.root.querySelectorAll("path[clip-path], [data-curve] path, [data-curve] use")) {
          if (element.closest("defs, clipPath")) continue;
          const curve = element.closest("[data-curve]");
          if (element.tagName === "use") {
            element.setAttribute("x", isZoomed ? round(moveX(Number(original(element, "x")))) : original(element, "x"));
            element.setAttribute("y", isZoomed ? round(moveY(Number(original(element, "y")))) : original(element, "y"));
          } else {
            const path = original(element, "d");
            element.setAttribute("d", isZoomed ? path.replace(/([ML]) (\S+) (\S+)/g,
              (_, command, px, py) => `${command} ${round(moveX(px))} ${curve ? round(moveY(py)) : py}`) : path);
          }
        }
        // A class of their own: rules for what is around them do not reach the copies in the panels of a sheet.
        const texts = [...panel.root.children].filter(part => part.matches(".text:not(.heading)"));
        for (const part of [...panel.axes[0].querySelectorAll(".tick"), ...texts]) part.classList.toggle("gone", isZoomed);
        for (const part of panel.axes[1].querySelectorAll(".tick")) part.classList.toggle("gone", !!panel.zoomed);
        if (isZoomed) drawTicks(panel);
      }
      for (const part of plot.querySelectorAll(".minor-x, .label, .top, .inset, .mark")) part.classList.toggle("gone", !!zoom);
      for (const part of plot.querySelectorAll(".minor-y")) part.classList.toggle("gone", !!zoom && !data.sheet);
      reset.hidden = !zoom;
      again();
    }

    function visibleRange(panel, [from, to]) { // of y
      let low = Infinity, high = -Infinity;
      for (const [key, kind] of panel.curves) {
        const one = series.get(key), run = data.runs[one.run];
        if (!one.on) continue;
        const last = nearest(run, to / scale(run));
        for (let i = nearest(run, from / scale(run)); i <= last; i++) {
          const value = one[kind][i];
          if (!Number.isFinite(value) || (panel.log && value <= 0)) continue;
          low = Math.min(low, value);
          high = Math.max(high, value);
        }
      }
      if (low > high) return null;
      if (panel.log) return [low / (high / low * 1.1) ** 0.05, high * (high / low * 1.1) ** 0.05];
      const margin = (high - low) * 0.06 || Math.abs(high) * 0.1 || 1;
      return [low - margin, high + margin];
    }

    function drawTicks(panel) {
      const [left, top, width, height] = panel.box, {x, y} = limits(panel);
      const label = (values, plainly) => {
        const small = !plainly && values.some(value => value && (Math.abs(value) < 0.01 || Math.abs(value) >= 1e5));
        return value => plainly ? count(Number(value.toPrecision(12)))
          : small && value ? number(value, 4).replace(/^([\d.]+)$/, all => Number(all).toExponential().replace("+", ""))
          : String(Number(value.toPrecision(6)));
      };
      const bottom = top + height;
      const along = ticks(x[0], x[1], between(Math.floor(width / 70), 2, 8), data.x === "step" ? 1 : 0);
      const acrossX = draw(panel.axes[0], "g", {class: "zoom-ticks"}), nameX = label(along, true);
      for (const value of along) {
        const at = toX(panel, value);
        const tick = draw(acrossX, "g", {class: "zoom-tick"});
        draw(tick, "path", {d: `M ${at} ${bottom} v 4`});
        if (panel.labels[0]) draw(draw(tick, "g", {class: "text"}), "text", {x: at, y: bottom + 15, "text-anchor": "middle"}, nameX(value));
      }
      if (!panel.zoomed) return;
      const up = panel.log ? decades(y[0], y[1]) : [];
      const rates = up.length > 1 ? up : ticks(y[0], y[1], between(Math.floor(height / 40), 2, 6));
      const acrossY = draw(panel.axes[1], "g", {class: "zoom-ticks"}), nameY = label(rates, false);
      for (const value of rates) {
        const at = toY(panel, value);
        const tick = draw(acrossY, "g", {class: "zoom-tick"});
        draw(tick, "path", {d: `M ${left} ${at} h -4`});
        draw(draw(tick, "g", {class: "text"}), "text", {x: left - 7, y: at + 3, "text-anchor": "end"}, nameY(value));
      }
    }

    function zoomTo(panel, from, to) {
      const run = data.runs[series.get(panel.curves[0][0]).run];
      const least = Math.max(4 * scale(run), (panel.x[1] - panel.x[0]) / 500);
      const middle = (from + to) / 2, half = Math.max(Math.abs(to - from), least) / 2;
      const low = Math.max(middle - half, panel.x[0]), high = Math.min(middle + half, panel.x[1]);
      zoom = high - low >= (panel.x[1] - panel.x[0]) * 0.999 ? null : {x: [low, high], of: panel.x};
      applyZoom();
    }

    const reset = make("button", {type: "button", className: "reset", textContent: "show the whole run", hidden: true});
    reset.addEventListener("click", () => { zoom = null; applyZoom(); });

    // The pointer

    const where = (svg, event) => new DOMPoint(event.clientX, event.clientY).matrixTransform(svg.getScreenCTM().inverse());
    const panelOf = svg => svg.dataset.panel === undefined ? panels : [panels[svg.dataset.panel]];
    for (const svg of charts) {
      svg.addEventListener("pointermove", event => {
        const point = where(svg, event);
        if (dragged && dragged.svg === svg) {
          const [left, top, width, height] = dragged.panel.box, to = between(point.x, left, left + width);
          dragged.to = to;
          dragged.mark.setAttribute("x", Math.min(dragged.from, to));
          dragged.mark.setAttribute("width", Math.abs(to - dragged.from));
          dragged.mark.setAttribute("y", top);
          dragged.mark.setAttribute("height", height);
        }
        const panel = panelOf(svg).find(({box: [left, top, width, height], curves}) => curves.length &&
          point.x >= left - 2 && point.x <= left + width + 2 && point.y >= top - 8 && point.y <= top + height + 8);
        if (panel) show(panel, svg, fromX(panel, point.x)); else if (!dragged) hide();
        plot.classList.toggle("inside", !!panel);
      });
      svg.addEventListener("pointerleave", () => { if (!dragged) hide(); });
      svg.addEventListener("pointerdown", event => {
        if (event.button || event.pointerType === "touch" || !shown) return;
        const {x} = where(svg, event), [left, , width] = shown.panel.box;
        const from = between(x, left, left + width);
        dragged = {svg, panel: shown.panel, from, to: from, mark: draw(svg, "rect", {class: "selection", x: from, width: 0})};
        svg.setPointerCapture(event.pointerId);
      });
      const drop = () => {
        if (!dragged) return;
        const {panel, from, to, mark} = dragged;
        mark.remove();
        dragged = null;
        if (Math.abs(to - from) > 5) zoomTo(panel, fromX(panel, Math.min(from, to)), fromX(panel, Math.max(from, to)));
      };
      svg.addEventListener("pointerup", drop);
      svg.addEventListener("pointercancel", drop);
      svg.addEventListener("dblclick", () => { zoom = null; applyZoom(); });
    }

    // The keyboard

    plot.tabIndex = 0;
    plot.setAttribute("role", "group");
    plot.setAttribute("aria-label", "Chart. Left and right arrows: values of a step; plus and minus: zoom; Escape: whole run.");
    plot.addEventListener("keydown", event => {
      if (event.target !== plot || event.ctrlKey || event.metaKey || event.altKey) return;
      const visible = charts.filter(svg => svg.getClientRects().length && getComputedStyle(svg).visibility === "visible");
      const first = visible[0];
      let {panel, svg, run, step} = shown || {panel: panelOf(first)[0], svg: first};
      if (!run) {
        show(panel, svg, limits(panel).x[0]);
        if (!shown) return;
        ({run, step} = shown);
        if (event.key === "ArrowRight") { event.preventDefault(); return; }
      }
      const move = by => {
        const last = (run.steps ? run.steps.length : run.updates) - 1;
        show(panel, svg, stepAt(run, between(nearest(run, step) + by, 0, last)) * scale(run));
      };
      const zoomBy = factor => {
        const [low, high] = limits(panel).x, x = step * scale(run), half = (high - low) * factor / 2;
        zoomTo(panel, x - half, x + half);
      };
      const next = by => {
        const all = visible.flatMap(one => panelOf(one).map(each => [each, one])).filter(([each]) => each.curves.length);
        const [to, on] = all[between(all.findIndex(([each]) => each === panel) + by, 0, all.length - 1)];
        on.scrollIntoView({block: "nearest"});
        show(to, on, step * scale(run));
      };
      const far = event.shiftKey ? 10 : 1;
      const keys = {
        ArrowLeft: () => move(-far), ArrowRight: () => move(far), Home: () => move(-Infinity), End: () => move(Infinity),
        ArrowUp: () => data.sheet && next(-1), ArrowDown: () => data.sheet && next(1),
        "+": () => zoomBy(0.5), "=": () => zoomBy(0.5), "-": () => zoomBy(2),
        Escape: () => { zoom = null; applyZoom(); hide(); },
      };
      if (!keys[event.key] || ((event.key === "ArrowUp" || event.key === "ArrowDown") && !data.sheet)) return;
      event.preventDefault();
      keys[event.key]();
    });
    plot.addEventListener("blur", () => { if (!plot.matches(":hover")) hide(); });

    // The legend

    for (const item of section.querySelectorAll(".legend > li")) {
      const button = make("button", {type: "button"}, ...item.childNodes);
      button.setAttribute("aria-pressed", "true");
      item.append(button);
      button.addEventListener("click", () => {
        const on = button.getAttribute("aria-pressed") !== "true";
        button.setAttribute("aria-pressed", on);
        for (const key of item.dataset.curves.split(" ")) {
          series.get(key).on = on;
          for (const part of plot.querySelectorAll(`[data-curve="${key}"]`)) part.classList.toggle("off", !on);
        }
        if (zoom) applyZoom(); else again();
      });
    }
    (section.querySelector(".legend") || plot).after(reset);
  }

  document.documentElement.classList.add("scripted");
  document.querySelectorAll("main section").forEach(enliven);

  // Copying

  for (const code of document.querySelectorAll(".copy code")) {
    const button = make("button", {type: "button", textContent: "copy"});
    button.setAttribute("aria-label", `copy the line for ${code.previousElementSibling.textContent}`);
    code.after(button);
    button.addEventListener("click", async () => {
      try {
        await navigator.clipboard.writeText(code.textContent);
      } catch { // not allowed by the browser
        getSelection().selectAllChildren(code);
        document.execCommand("copy");
      }
      button.textContent = "copied";
      setTimeout(() => { button.textContent = "copy"; }, 1500);
    });
  }

  // The theme

  const root = document.documentElement, prefersDark = matchMedia("(prefers-color-scheme: dark)");
  const isDark = () => root.dataset.theme ? root.dataset.theme === "dark" : prefersDark.matches;
  const theme = make("button", {type: "button", className: "theme", textContent: "dark"});
  const say = () => theme.setAttribute("aria-pressed", isDark());
  theme.addEventListener("click", () => { root.dataset.theme = isDark() ? "light" : "dark"; say(); });
  prefersDark.addEventListener("change", say);
  say();
  document.querySelector("header").append(theme);
})();
