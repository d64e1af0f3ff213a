// The desk's own habits: navigation on a phone, menus, theme, keys, acts that ask once, copying a code.
const on = (event, selector, act) => document.addEventListener(event, (e) => {
  const el = e.target.closest?.(selector);
  if (el) act(el, e);
});

on('click', '[data-opens]', (button) => {
  const nav = document.getElementById(button.dataset.opens);
  const open = nav.classList.toggle('open');
  button.setAttribute('aria-expanded', open);
  if (open) nav.querySelector('a').focus();
});

// A menu closes when one clicks beside it or presses Escape, and tells HTMX when it opens.
document.addEventListener('toggle', (e) => {
  if (!e.target.matches?.('[data-menu]')) return;
  if (e.target.open) e.target.querySelector('.mc-pop')?.dispatchEvent(new Event('open-menu'));
}, true);
document.addEventListener('click', (e) => {
  for (const menu of document.querySelectorAll('details.mc-menu[open]')) if (!menu.contains(e.target)) menu.open = false;
  const nav = document.querySelector('.mc-nav.open');
  if (nav && !nav.contains(e.target) && !e.target.closest('[data-opens]')) nav.classList.remove('open');
});

const cookie = (name, value) => { document.cookie = `${name}=${value}; path=/; max-age=31536000; samesite=lax`; };
on('click', '[data-theme-switch]', () => {
  const root = document.documentElement;
  const theme = root.dataset.theme === 'dark' ? 'light' : 'dark';
  root.dataset.theme = root.dataset.bsTheme = theme;
  cookie('mc_theme', theme);
  for (const button of document.querySelectorAll('[data-theme-switch]')) button.setAttribute('aria-pressed', theme === 'dark');
  dispatchEvent(new Event('mc:theme'));
});
on('click', '[data-density-switch]', (button) => {
  const root = document.documentElement, roomy = root.dataset.density !== 'roomy';
  if (roomy) root.dataset.density = 'roomy'; else delete root.dataset.density;
  button.setAttribute('aria-pressed', roomy);
  cookie('mc_density', roomy ? 'roomy' : '');
});

// Help stands beside the page: one reads it while one works.
on('click', '[data-help-open]', (button) => {
  const help = document.getElementById('help');
  if (help.open) { help.close(); return; }
  help.show();
  button.setAttribute('aria-expanded', true);
  help.querySelector('[hx-get]').dispatchEvent(new Event('open-help'));
  help.onclose = () => { button.setAttribute('aria-expanded', false); button.focus(); };
});

addEventListener('keydown', (e) => {
  if (e.key === 'Escape') {
    for (const menu of document.querySelectorAll('details.mc-menu[open]')) { menu.open = false; menu.querySelector('summary').focus(); }
    const nav = document.querySelector('.mc-nav.open'), help = document.getElementById('help');
    if (nav) { nav.classList.remove('open'); document.querySelector('[data-opens]').focus(); }
    if (help?.open && !document.querySelector('dialog:modal')) help.close();
  }
});

// A legal or destructive act: its dialog names the effect, and asks once.
on('click', '[data-asks]', (button) => document.getElementById(button.dataset.asks).showModal());
on('click', '[data-dismiss]', (button) => button.closest('dialog').close());

on('click', '[data-copy]', async (button) => {
  await navigator.clipboard?.writeText(button.dataset.copy);
  const i = button.querySelector('.ti');
  i.className = 'ti ti-check';
  setTimeout(() => { i.className = 'ti ti-copy'; }, 1500);
});

// Pressed twice, a form is sent once: else a slow answer makes two plans of one.
document.addEventListener('submit', (e) => {
  const form = e.target;
  if (!form.matches('[method=post i]:not([hx-post])')) return;
  if (Date.now() - (form.sentAt ?? 0) < 5000) { e.preventDefault(); return; }
  form.sentAt = Date.now(); // an answer that is a file leaves the page: it may be asked for again
});
addEventListener('pageshow', () => { for (const form of document.forms) delete form.sentAt; });

// What waits for the reader is asked for once a minute, while he looks at the page. (HTMX's own conditions need eval.)
const poll = () => { if (document.visibilityState === 'visible') document.getElementById('bell')?.dispatchEvent(new Event('mc-poll')); };
setInterval(poll, 60_000);
document.addEventListener('visibilitychange', poll);
