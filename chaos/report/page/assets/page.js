'use strict';
// Pointing at a picture shows the same moment in all pictures of its scenario, and what the pictured things were then.
(() => {
  const size = 2000, tip = document.getElementById('tip');
  const all = (root, what) => Array.from(root.querySelectorAll(what));

  // boxes and points of a path as lists of numbers: [x, y] or [left, bottom, width, top].
  const points = p => p.list ??= Array.from(p.getAttribute('d').matchAll(/M(\d+) (\d+)h0/g), m => [+m[1], +m[2]]);
  const boxes = p => p.list ??= Array.from(p.getAttribute('d').matchAll(/M(\d+) (\d+)v(-?\d+)h(\d+)/g), m => [+m[1], +m[2], +m[4], -m[3]]);
  const steps = p => p.list ??= (() => {
    const out = [];
    let y = null;
    for (const m of p.getAttribute('d').matchAll(/([MHV])(\d+)(?: (\d+))?/g)) {
      if (m[1] === 'M') { out.push([+m[2], null], [+m[2], y = +m[3]]); }
      if (m[1] === 'V') { out[out.length - 1][1] = y = +m[2]; }
      if (m[1] === 'H') { out.push([+m[2], y]); }
    }
    return out;
  })();

  const short = x => String(+x.toPrecision(3));
  const value = (plot, y) => {
    const share = 1 - y / size, low = +plot.dataset.low, high = +plot.dataset.high;
    if (plot.dataset.scale !== 'log') return short(low + share * (high - low));
    const s = low * Math.pow(high / low, share);
    return s < 1e-3 ? short(s * 1e6) + ' µs' : s < 1 ? short(s * 1e3) + ' ms' : short(s) + ' s';
  };

  // nearest names the point that is closest to the pointer, if one is close.
  const nearest = (plot, box, px, py) => {
    let best = 14 * 14, text = '';
    for (const path of all(plot, 'path.point')) for (const [x, y] of points(path)) {
      const dx = x / size * box.width - px, dy = y / size * box.height - py, d = dx * dx + dy * dy;
      if (d < best) { best = d; text = path.dataset.name + ': ' + value(plot, y); }
    }
    return text ? [text] : [];
  };
  const under = (plot, x) => {
    const lines = [];
    for (const path of all(plot, 'path.bar')) for (const [left, , width, tall] of boxes(path)) {
      if (x >= left && x < left + width) lines.push(path.dataset.name + ': ' + value(plot, size - tall) + '/s');
    }
    for (const path of all(plot, 'path.line').reverse()) {
      const at = steps(path).findLast(s => s[0] <= x);
      if (at && at[1] !== null && at[1] < size) lines.push(path.dataset.name + ': ' + value(plot, at[1]));
    }
    return lines;
  };

  // The browser's own hints would cover the tip.
  for (const e of all(document, '.pictures [title]')) {
    e.setAttribute('aria-label', e.title);
    e.removeAttribute('title');
  }
  for (const pictures of all(document, '.pictures')) {
    const areas = all(pictures, '.plot, .rows .strip'), cursors = [];
    const from = +pictures.dataset.from, to = +pictures.dataset.to;
    const clear = () => { cursors.splice(0).forEach(c => c.remove()); tip.hidden = true; };
    pictures.addEventListener('pointerleave', clear);
    pictures.addEventListener('pointermove', e => {
      clear();
      const area = e.target.closest('.area');
      if (!area) return;
      const box = area.getBoundingClientRect(), share = (e.clientX - box.left) / box.width;
      if (share < 0 || share > 1) return;
      for (const a of areas) {
        const c = document.createElement('i');
        c.className = 'cursor';
        c.style.left = share * 100 + '%';
        a.append(c);
        cursors.push(c);
      }
      const lines = [(from + share * (to - from)).toFixed(2).replace('-', '−') + ' s'];
      if (area.matches('.plot')) {
        lines.push(...nearest(area, box, e.clientX - box.left, e.clientY - box.top), ...under(area, share * size));
      } else if (e.target.ariaLabel) {
        lines.push(e.target.ariaLabel);
      }
      tip.textContent = lines.join('\n');
      tip.hidden = false;
      tip.style.left = Math.max(4, Math.min(e.clientX + 14, innerWidth - tip.offsetWidth - 4)) + 'px';
      tip.style.top = Math.max(4, Math.min(e.clientY + 14, innerHeight - tip.offsetHeight - 4)) + 'px';
    });
  }
})();
