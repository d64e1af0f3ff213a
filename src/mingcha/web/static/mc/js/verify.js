// "Recompute in this browser": reads public.json and shows each check as it is done.
import { check } from './draw-check.js';

for (const box of document.querySelectorAll('[data-recompute]')) {
  const say = (text, css = '') => { const v = box.querySelector('.verdict'); v.textContent = text; v.className = `verdict ${css}`; };
  const t = (name) => box.dataset[`t${name[0].toUpperCase()}${name.slice(1)}`];
  const button = box.querySelector('button');
  button.addEventListener('click', async () => {
    const list = box.querySelector('.checks');
    button.disabled = true;
    list.replaceChildren();
    say(t('reading'));
    try {
      const response = await fetch(box.dataset.recompute);
      const zipped = response.headers.get('Content-Type')?.includes('gzip');
      const file = await (zipped ? new Response(response.body.pipeThrough(new DecompressionStream('gzip'))) : response).json();
      let holds = ['root', 'seed', 'result'].every((name) => file[name] === box.dataset[name]);
      for await (const [name, ok] of check(file)) {
        if (ok === false) holds = false;
        const item = Object.assign(document.createElement('li'), { className: `mc-tg ${ok ? 'ok' : ok === null ? '' : 'bad'}` });
        item.textContent = `${ok ? '✓' : ok === null ? '?' : '✗'} ${t(name)}${ok === null ? ` (${t('unknown')})` : ''}`;
        list.append(item);
        await new Promise((done) => { setTimeout(done); });   // let the page breathe between checks
      }
      say(holds ? t('ok') : t('bad'), holds ? 'ok' : 'bad');
    } catch (error) {
      say(`${t('failed')}: ${error.message}`, 'bad');
    }
    button.disabled = false;
  });
}
