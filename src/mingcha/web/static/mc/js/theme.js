// Charts read their colours from the tokens, so one switch of the theme turns everything.
export const tok = (name) => getComputedStyle(document.documentElement).getPropertyValue(`--mc-${name}`).trim();
export const font = () => tok('font');
export const axis = (extra = {}) => ({ axisLine: { show: false }, axisTick: { show: false }, axisLabel: { color: tok('ink-3'), fontSize: 11, fontFamily: font() }, nameTextStyle: { color: tok('ink-3'), fontSize: 12, fontFamily: font() }, splitLine: { lineStyle: { color: tok('grid') } }, ...extra });
// renderMode richText: ECharts' HTML tooltip needs inline styles, which our CSP forbids.
export const tip = (extra = {}) => ({ trigger: 'axis', renderMode: 'richText', backgroundColor: tok('paper-0'), borderColor: tok('line-2'), textStyle: { color: tok('ink-1'), fontSize: 12, fontFamily: font() }, axisPointer: { lineStyle: { color: tok('ink-4'), type: 'dashed' } }, ...extra });
export const minus = (text) => String(text).replace('-', '−');
export const percent = (value, places = 1) => minus(`${(100 * value).toFixed(places)}%`);
