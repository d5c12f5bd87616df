'use strict';
// Everything that matters stands in the page; this adds hovering, sorting, copying, the theme and the plain download.
(() => {
  const root = document.documentElement;
  const all = (selector, within = document) => [...within.querySelectorAll(selector)];
  const make = (tag, properties = {}, ...children) => {
    const element = Object.assign(document.createElement(tag), properties);
    element.append(...children);
    return element;
  };

  // The theme: that of the system, light, dark.
  const theme = document.getElementById('theme');
  const themes = [undefined, 'light', 'dark'];
  const wear = (name) => {
    if (name) root.dataset.theme = name;
    else delete root.dataset.theme;
    theme.textContent = `theme: ${name ?? 'auto'}`;
  };
  theme.hidden = false;
  theme.addEventListener('click', () => {
    wear(themes[(themes.indexOf(root.dataset.theme) + 1) % themes.length]);
  });

  // A link to something that is folded away unfolds it.
  const unfold = (hash) => {
    let target = null;
    try {
      target = document.getElementById(decodeURIComponent(hash.slice(1)));
    } catch {
      return;
    }
    if (!target) return;
    for (let element = target; element; element = element.parentElement) {
      if (element.tagName === 'DETAILS') element.open = true;
    }
    target.scrollIntoView();
  };
  // The click itself counts: a link to where one already is changes no address.
  document.addEventListener('click', (event) => {
    const link = event.target.closest('a[href^="#"]');
    if (link) unfold(link.hash);
  });
  addEventListener('hashchange', () => unfold(location.hash));
  if (location.hash) unfold(location.hash);

  // Paper shows what is in a section, whether it is folded or not.
  let folded = [];
  addEventListener('beforeprint', () => {
    folded = all('details.section:not([open])');
    folded.forEach((section) => (section.open = true));
  });
  addEventListener('afterprint', () => folded.forEach((section) => (section.open = false)));

  // Tables sort by a click on a heading, numbers by their value.
  const sort = (table, column, th) => {
    const descending = th.getAttribute('aria-sort') === 'ascending';
    all('th[aria-sort]', table).forEach((other) => other.removeAttribute('aria-sort'));
    th.setAttribute('aria-sort', descending ? 'descending' : 'ascending');
    const isNumber = th.classList.contains('n');
    const key = (row) => {
      const cell = row.cells[column];
      if (!isNumber) return cell.textContent;
      // What has no value stands last, whichever way.
      const value = cell.dataset.value;
      return value === undefined ? (descending ? -Infinity : Infinity) : Number(value);
    };
    const compare = (a, b) => (isNumber ? a - b || 0 : a.localeCompare(b));
    const rows = [...table.tBodies[0].rows].map((row) => [key(row), row]);
    rows.sort(([a], [b]) => (descending ? compare(b, a) : compare(a, b)));
    table.tBodies[0].append(...rows.map(([, row]) => row));
  };
  for (const table of all('table.sortable')) {
    [...table.tHead.rows[0].cells].forEach((th, column) => {
      const button = make('button', { type: 'button' }, th.textContent);
      th.replaceChildren(button);
      button.addEventListener('click', () => sort(table, column, th));
    });
  }

  // Switches: all or none at once. The rest is done by the style sheet.
  for (const box of all('.switches')) {
    for (const [name, on] of [['all', true], ['none', false]]) {
      const button = make('button', { type: 'button' }, name);
      button.addEventListener('click', () => all('input', box).forEach((input) => (input.checked = on)));
      box.append(button);
    }
  }
  const isOn = (operation) => {
    const input = operation && document.querySelector(`[data-switch="${operation}"]`);
    return !input || input.checked;
  };

  // Hovering shows the row of numbers that is nearest.
  const fill = (tip, figure, row) => {
    const switches = figure.dataset.switches.split(' ');
    const heads = all('thead th', figure).map((th) => th.textContent);
    const cells = [...row.cells].map((td) => td.textContent);
    const list = make('dl');
    cells.slice(1).forEach((text, index) => {
      if (isOn(switches[index + 1])) list.append(make('dt', {}, heads[index + 1]), make('dd', {}, text));
    });
    const title = figure.dataset.along === 'x' ? `${heads[0]}: ${cells[0]}` : cells[0];
    tip.replaceChildren(make('b', {}, title), list);
  };
  const place = (tip, cursor, canvas, svg, plot, along, at) => {
    const [left, right, top, bottom] = plot;
    const box = svg.getBoundingClientRect();
    const outer = canvas.getBoundingClientRect();
    const [x0, y0] = [box.left - outer.left, box.top - outer.top];
    const [l, r, t, b] = [x0 + left * box.width, x0 + right * box.width, y0 + top * box.height, y0 + bottom * box.height];
    const spot = along === 'x' ? l + at * (r - l) : t + at * (b - t);
    const [cx, cy, cw, ch] = along === 'x' ? [spot, t, 1, b - t] : [l, spot, r - l, 1];
    Object.assign(cursor.style, { left: `${cx}px`, top: `${cy}px`, width: `${cw}px`, height: `${ch}px` });
    const [width, height] = [tip.offsetWidth, tip.offsetHeight];
    let [x, y] = along === 'x' ? [spot + 12, t] : [l + 12, spot + 12];
    if (x + width > outer.width) x = Math.max(0, Math.min(spot - width - 12, outer.width - width));
    if (y + height > outer.height && along === 'y') y = Math.max(0, spot - height - 12);
    Object.assign(tip.style, { left: `${x}px`, top: `${y}px` });
  };
  for (const figure of all('figure.picture')) {
    const canvas = figure.querySelector('.canvas');
    const rows = all('tbody tr[data-at]', figure).map((row) => [Number(row.dataset.at), row]);
    if (!rows.length) continue;
    const along = figure.dataset.along;
    const tip = make('div', { className: 'tip', hidden: true });
    const cursor = make('div', { className: 'cursor', hidden: true });
    canvas.append(cursor, tip);
    const hide = () => (tip.hidden = cursor.hidden = true);
    canvas.addEventListener('pointerleave', hide);
    canvas.addEventListener('pointermove', (event) => {
      const svg = event.target.closest('svg');
      if (!svg) return;
      const plot = svg.dataset.plot.split(' ').map(Number);
      const box = svg.getBoundingClientRect();
      const [left, right, top, bottom] = plot;
      const x = ((event.clientX - box.left) / box.width - left) / (right - left);
      const y = ((event.clientY - box.top) / box.height - top) / (bottom - top);
      const here = along === 'x' ? x : y;
      if (along === 'x' && (x < -0.05 || x > 1.05)) return hide();
      const shown = rows.filter(([, row]) => isOn(row.dataset.operation));
      if (!shown.length) return hide();
      const [at, row] = shown.reduce((best, next) => (Math.abs(next[0] - here) < Math.abs(best[0] - here) ? next : best));
      fill(tip, figure, row);
      tip.hidden = cursor.hidden = false;
      place(tip, cursor, canvas, svg, plot, along, at);
    });
  }

  // Commands can be copied.
  for (const pre of all('pre.command')) {
    const button = make('button', { type: 'button' }, 'copy');
    button.addEventListener('click', async () => {
      const code = pre.querySelector('code');
      try {
        await navigator.clipboard.writeText(code.textContent);
        button.textContent = 'copied';
      } catch {
        getSelection().selectAllChildren(code);
        button.textContent = 'selected';
      }
      setTimeout(() => (button.textContent = 'copy'), 1500);
    });
    pre.append(button);
  }

  // The record comes packed; unpacked here, it is the file itself.
  const unpack = async (link) => {
    const text = atob(link.href.slice(link.href.indexOf(',') + 1));
    const bytes = Uint8Array.from(text, (character) => character.charCodeAt(0));
    const stream = new Blob([bytes]).stream().pipeThrough(new DecompressionStream('gzip'));
    const url = URL.createObjectURL(await new Response(stream).blob());
    make('a', { href: url, download: 'record.json' }).click();
    setTimeout(() => URL.revokeObjectURL(url), 60000);
  };
  if (typeof DecompressionStream === 'function') {
    for (const link of all('a.record-download')) {
      link.addEventListener('click', (event) => {
        event.preventDefault();
        unpack(link);
      });
    }
  }
})();
