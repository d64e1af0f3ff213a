// The map of districts: outlines and figures as JSON (docs/shell.md), drawn as SVG on a card, by MapLibre where one may
// move about in it and the browser can. The table beneath holds the same figures.
import { tok } from './theme.js';

const SVG = 'http://www.w3.org/2000/svg';
const make = (name, attributes = {}, text = '') => {
  const el = document.createElementNS(SVG, name);
  for (const [key, value] of Object.entries(attributes)) el.setAttribute(key, value);
  if (text) el.textContent = text;
  return el;
};
const fetched = async (url) => {
  const answer = await fetch(url, { headers: { Accept: 'application/json' } });
  if (!answer.ok) throw new Error(`${url}: ${answer.status}`);
  return answer.json();
};
// The colour's number, 0 where there is no figure.
const step = (figures, row) => (row?.value == null ? 0 : figures.breaks.length ? 1 + figures.breaks.filter((cut) => row.value >= cut).length + Math.floor((4 - figures.breaks.length) / 2) : 3);
const polygons = (geometry) => (geometry.type === 'Polygon' ? [geometry.coordinates] : geometry.coordinates);
const said = (row, name, none) => (row ? `${row.name} ${row.value == null ? none : row.text}${row.whole ? ` (${row.part} / ${row.whole})` : ''}` : `${name} ${none}`);

class DistrictMap {
  constructor(root) {
    this.root = root;
    this.box = root.querySelector('[data-map-box]');
    this.buttons = [...root.querySelectorAll('[data-layer]')];
    this.kept = new Map();
    for (const button of this.buttons) button.addEventListener('click', () => this.show(button));
    root.querySelector('[data-map-table]').addEventListener('click', (e) => this.turn(e.currentTarget));
    this.start();
  }

  async start() {
    try {
      this.regions = await fetched(this.root.dataset.regions);
      if (!this.regions.features.length) {
        this.root.querySelector('[data-map-empty]').hidden = false;
        this.turn(this.root.querySelector('[data-map-table]'));
      }
      await this.show(this.buttons[0]);
    } catch (error) {
      this.box.replaceChildren(Object.assign(document.createElement('p'), { className: 'mc-state', textContent: this.root.dataset.failed }));
      this.box.removeAttribute('aria-busy');
    }
  }

  async show(button) {
    for (const other of this.buttons) other.setAttribute('aria-pressed', other === button);
    this.box.setAttribute('aria-busy', 'true');
    const url = button.dataset.layer;
    for (let tries = 0; !this.kept.has(url); tries += 1) {
      const figures = await fetched(url);
      if (!figures.counting || tries > 20) this.kept.set(url, figures);
      else await new Promise((later) => { setTimeout(later, 1500); });
    }
    this.figures = this.kept.get(url);
    this.rows = Object.fromEntries(this.figures.rows.map((row) => [row.division, row]));
    this.table();
    this.legend();
    if (this.regions.features.length) await this.draw();
    this.box.removeAttribute('aria-busy');
  }

  turn(button) {
    const table = this.root.querySelector('[data-map-rows]'), shown = table.hidden;
    table.hidden = !shown;
    this.box.hidden = shown;
    button.setAttribute('aria-pressed', shown);
    if (!shown) this.gl?.resize();
  }

  table() {
    const rows = this.root.querySelector('[data-map-rows]'), [, value, part, whole] = rows.querySelectorAll('th');
    rows.querySelector('caption').textContent = this.figures.label;
    value.textContent = this.figures.label;
    [part.textContent, whole.textContent] = this.figures.heads;
    const share = this.figures.unit === 'share';
    part.hidden = whole.hidden = !share;
    rows.querySelector('tbody').replaceChildren(...this.figures.rows.map((row) => {
      const tr = document.createElement('tr'), th = document.createElement('th');
      th.scope = 'row';
      th.append(row.url ? Object.assign(document.createElement('a'), { href: row.url, textContent: row.name }) : row.name);
      tr.append(th, ...[row.text, row.part, row.whole].map((text, i) => {
        const td = Object.assign(document.createElement('td'), { className: `r num${i === 1 ? ' minor' : ''}`, textContent: text });
        td.hidden = i > 0 && !share;
        return td;
      }));
      return tr;
    }));
  }

  legend() {
    const place = this.root.querySelector('[data-map-legend]'), cuts = this.figures.legend;
    const keys = cuts.map((text, i) => {
      const span = document.createElement('span'), swatch = make('svg', { viewBox: '0 0 10 10', 'aria-hidden': 'true' });
      swatch.append(make('rect', { class: `q${1 + i + Math.floor((5 - cuts.length) / 2)}`, width: 10, height: 10, rx: 2 }));
      span.append(swatch, text);
      return span;
    });
    const at = Object.assign(document.createElement('span'), { className: 'at num' });
    if (this.figures.at) at.textContent = `${this.root.dataset.counted} ${this.figures.counted}`;
    place.replaceChildren(...keys, Object.assign(document.createElement('span'), { textContent: this.figures.note }), at);
  }

  mine(division) { const own = this.root.dataset.division; return own.length >= 6 && division.startsWith(own); }

  tip(text) {
    let tip = this.box.querySelector('.mc-map-tip');
    if (!tip) this.box.append(tip = Object.assign(document.createElement('div'), { className: 'mc-map-tip num' }));
    tip.textContent = text;
    tip.hidden = !text;
  }

  async draw() {
    if (!this.root.classList.contains('large')) return this.svg();
    if (!this.gl && this.gl !== null) this.gl = await this.open();
    return this.gl ? this.paint() : this.svg();
  }

  svg() {
    const bounds = this.bounds(), [[west, south], [east, north]] = bounds;
    const narrow = Math.cos(((south + north) / 2) * Math.PI / 180), unit = 1000 / ((east - west) * narrow);
    const x = (longitude) => ((longitude - west) * narrow * unit), y = (latitude) => ((north - latitude) * unit);
    const height = y(south), drawing = make('svg', { class: 'draw', viewBox: `-4 -4 1008 ${height + 8}`, role: 'group', 'aria-label': this.figures.label });
    const shapes = [], outlines = [], names = [];
    for (const { geometry, properties } of this.regions.features) {
      const row = this.rows[properties.division], text = said(row, properties.name, this.root.dataset.none);
      const d = polygons(geometry).flat().map((ring) => `M${ring.map(([lon, lat]) => `${x(lon).toFixed(1)} ${y(lat).toFixed(1)}`).join('L')}Z`).join('');
      const shape = make('path', { d, class: `q${step(this.figures, row)}`, 'fill-rule': 'evenodd' });
      const place = row?.url ? make('a', { href: row.url, 'aria-label': text }) : make('g', { role: 'img', 'aria-label': text });
      place.append(shape);
      for (const name of ['pointerenter', 'focus']) place.addEventListener(name, () => this.tip(text));
      for (const name of ['pointerleave', 'blur']) place.addEventListener(name, () => this.tip(''));
      shapes.push(place);
      if (this.mine(properties.division)) outlines.push(make('path', { d, class: 'mine' }));
      names.push([properties, make('text', { x: x(properties.at[0]).toFixed(1), y: y(properties.at[1]).toFixed(1), 'aria-hidden': 'true' }, properties.name)]);
    }
    drawing.append(...shapes, ...outlines, ...names.map(([, text]) => text));
    this.box.replaceChildren(drawing);
    // names keep their size whatever the drawing's
    const scale = Math.max(1, 1008 / drawing.getBoundingClientRect().width, (height + 8) / drawing.getBoundingClientRect().height);
    for (const [, text] of names) { text.style.fontSize = `${12 * scale}px`; text.style.strokeWidth = `${3 * scale}px`; }
  }

  bounds() {
    let [west, south, east, north] = [180, 90, -180, -90];
    for (const { geometry } of this.regions.features) for (const [lon, lat] of polygons(geometry).flat(2)) {
      west = Math.min(west, lon); east = Math.max(east, lon); south = Math.min(south, lat); north = Math.max(north, lat);
    }
    return [[west, south], [east, north]];
  }

  // null where the browser has no WebGL: then the districts are drawn.
  async open() {
    if (!document.createElement('canvas').getContext('webgl2')) return null;
    const library = await import(this.root.dataset.library), { tiles, attribution, title, nearer, farther } = this.root.dataset;
    const canvas = Object.assign(document.createElement('div'), { className: 'gl' });
    this.box.replaceChildren(canvas);
    const map = new library.Map({
      container: canvas, locale: { 'Map.Title': title, 'NavigationControl.ZoomIn': nearer, 'NavigationControl.ZoomOut': farther }, bounds: this.bounds(), fitBoundsOptions: { padding: 24 }, attributionControl: false, dragRotate: false, pitchWithRotate: false,
      style: { version: 8, sources: tiles ? { tiles: { type: 'raster', tiles: [tiles], tileSize: 256, attribution } } : {}, layers: tiles ? [{ id: 'tiles', type: 'raster', source: 'tiles' }] : [] },
    });
    map.addControl(new library.NavigationControl({ showCompass: false }));
    map.addControl(new library.ScaleControl());
    if (attribution) map.addControl(new library.AttributionControl({ compact: false, customAttribution: attribution }));
    await new Promise((ready) => { map.once('load', ready); });
    map.addSource('regions', { type: 'geojson', data: this.regions });
    map.addLayer({ id: 'fill', type: 'fill', source: 'regions' });
    map.addLayer({ id: 'line', type: 'line', source: 'regions' });
    map.addLayer({ id: 'mine', type: 'line', source: 'regions', filter: ['in', ['get', 'division'], ['literal', this.regions.features.map((f) => f.properties.division).filter((d) => this.mine(d))]] });
    map.on('mousemove', 'fill', (e) => { const { division, name } = e.features[0].properties; map.getCanvas().style.cursor = this.rows[division]?.url ? 'pointer' : ''; this.tip(said(this.rows[division], name, this.root.dataset.none)); });
    map.on('mouseleave', 'fill', () => { map.getCanvas().style.cursor = ''; this.tip(''); });
    map.on('click', 'fill', (e) => { const url = this.rows[e.features[0].properties.division]?.url; if (url) location.assign(url); });
    this.spots = this.regions.features.map(({ properties }) => {
      const spot = Object.assign(document.createElement('a'), { className: 'spot', textContent: properties.name });
      for (const name of ['pointerenter', 'focus']) spot.addEventListener(name, () => this.tip(said(this.rows[properties.division], properties.name, this.root.dataset.none)));
      for (const name of ['pointerleave', 'blur']) spot.addEventListener(name, () => this.tip(''));
      new library.Marker({ element: spot }).setLngLat(properties.at).addTo(map);
      return [properties.division, spot];
    });
    addEventListener('mc:theme', () => this.paint());
    return map;
  }

  paint() {
    const colour = (row) => (step(this.figures, row) ? tok(`seq-${step(this.figures, row)}`) : tok('paper-3'));
    const cases = this.regions.features.flatMap(({ properties: { division } }) => [division, colour(this.rows[division])]);
    this.gl.setPaintProperty('fill', 'fill-color', ['match', ['get', 'division'], ...cases, tok('paper-3')]);
    this.gl.setPaintProperty('fill', 'fill-opacity', this.root.dataset.tiles ? 0.6 : 1);
    this.gl.setPaintProperty('line', 'line-color', tok('paper-0'));
    this.gl.setPaintProperty('line', 'line-width', 1.5);
    this.gl.setPaintProperty('mine', 'line-color', tok('brand'));
    this.gl.setPaintProperty('mine', 'line-width', 2.5);
    for (const [division, spot] of this.spots) {
      const row = this.rows[division];
      if (row?.url) spot.href = row.url; else spot.removeAttribute('href');
      if (row?.url) spot.removeAttribute('role'); else spot.setAttribute('role', 'img'); // no link: else its name is lost
      spot.setAttribute('aria-label', said(row, spot.textContent, this.root.dataset.none));
    }
  }
}

const start = (within) => { for (const root of within.querySelectorAll('[data-map]:not([data-ready])')) { root.dataset.ready = ''; new DistrictMap(root); } };
start(document);
document.addEventListener('htmx:afterSettle', () => start(document));
