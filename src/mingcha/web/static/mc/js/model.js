// The model card's charts. Ours is solid, every baseline grey or dashed; a table stands behind each.
import * as echarts from '../../vendor/echarts/echarts.esm.min.mjs';
import { axis, font, percent, tip, tok } from './theme.js';

const read = (id) => JSON.parse(document.getElementById(id)?.textContent ?? '{}');
const data = read('charts'), labels = read('labels');
const grid = { left: 48, right: 18, top: 34, bottom: 42 };
const share = (name, extra = {}) => axis({ type: 'value', min: 0, max: 1, name, nameLocation: 'middle', nameGap: 26, axisLabel: { color: tok('ink-3'), fontSize: 11, formatter: (v) => percent(v, 0) }, ...extra });
const legend = { top: 2, right: 8, itemWidth: 16, itemHeight: 2, textStyle: { color: tok('ink-3'), fontSize: 12 } };
const value = { valueFormatter: (v) => (Array.isArray(v) ? percent(v[1]) : percent(v)) };

function curves(name, t) {
  const styles = { ours: { color: tok('s1'), width: 2.4, type: 'solid' }, logistic: { color: tok('s2'), width: 1.4, type: 'dashed' }, rule: { color: tok('s3'), width: 1.4, type: 'dashed' } };
  const drawn = Object.entries(data[name]).map(([who, points]) => ({ name: t[who] ?? who, type: 'line', data: points, symbol: 'none', lineStyle: styles[who] ?? { color: tok('s4'), width: 1.4, type: 'dashed' }, itemStyle: { color: (styles[who] ?? { color: tok('s4') }).color } }));
  const chance = { name: t.random, type: 'line', data: [[0, 0], [1, 1]], symbol: 'none', lineStyle: { color: tok('s0'), width: 1.2, type: 'dashed' }, itemStyle: { color: tok('s0') } };
  return { grid, legend, tooltip: tip(value), xAxis: share(t.x), yAxis: share(t.y, { nameGap: 36 }), series: [...drawn, chance] };
}

const draw = {
  gain: (t) => curves('gain', t),
  roc: (t) => curves('roc', t),
  calibration: (t) => {
    const points = data.calibration, top = Math.min(1, Math.ceil(Math.max(...points.flatMap((p) => [p.predicted, ...(p.ci95 ?? [p.observed])])) * 10) / 10);
    return {
      grid, legend, tooltip: tip({ ...value, trigger: 'item' }), xAxis: share(t.x, { max: top }), yAxis: share(t.y, { max: top, nameGap: 36 }),
      series: [
        { name: t.perfect, type: 'line', data: [[0, 0], [top, top]], symbol: 'none', lineStyle: { color: tok('s0'), width: 1.2, type: 'dashed' }, itemStyle: { color: tok('s0') } },
        { type: 'custom', silent: true, data: points.filter((p) => p.ci95).map((p) => [p.predicted, ...p.ci95]), renderItem: (_, api) => {
          const low = api.coord([api.value(0), api.value(1)]), high = api.coord([api.value(0), api.value(2)]);
          return { type: 'line', shape: { x1: low[0], y1: low[1], x2: high[0], y2: high[1] }, style: { stroke: tok('s1'), lineWidth: 2, opacity: .35 } };
        } },
        { name: t.y, type: 'scatter', data: points.map((p) => [p.predicted, p.observed]), symbolSize: 8, itemStyle: { color: tok('s1') } },
      ],
    };
  },
  scores: (t) => {
    const { edges, all, positives } = data.scores;
    return {
      grid, legend: { ...legend, itemHeight: 10, itemWidth: 10 }, tooltip: tip({ axisPointer: { type: 'shadow' } }),
      xAxis: axis({ type: 'category', data: edges.slice(0, -1).map((e) => percent(e, 0)), name: t.x, nameLocation: 'middle', nameGap: 26, splitLine: { show: false } }), yAxis: axis({ type: 'value' }),
      series: [{ name: t.all, type: 'bar', barGap: '-100%', data: all, itemStyle: { color: tok('s0'), opacity: .45 } }, { name: t.positives, type: 'bar', data: positives, itemStyle: { color: tok('d') } }],
    };
  },
};

const charts = [];
function render() {
  for (const { chart, kind, labels: t } of charts) chart.setOption({ animation: false, textStyle: { fontFamily: font() }, ...draw[kind](t) }, true);
}
for (const place of document.querySelectorAll('[data-chart]')) {
  const card = place.closest('section'), table = card.querySelector('.mc-tablealt'), button = card.querySelector('[data-astable]');
  charts.push({ chart: echarts.init(place, null, { renderer: 'canvas' }), kind: place.dataset.chart, labels: labels[place.dataset.chart] });
  button.addEventListener('click', () => {
    const shown = table.hidden;
    table.hidden = !shown;
    place.hidden = shown;
    button.setAttribute('aria-pressed', shown);
  });
}
render();
addEventListener('resize', () => charts.forEach(({ chart }) => chart.resize()));
addEventListener('mc:theme', render);
