export {};

// The only script that a page loads. It also shows a failure that happens before the page can show it.
const pages = /** @type {Record<string, () => Promise<unknown>>} */ ({
  index: () => import('./pages/index.js'),
  state: () => import('./pages/state.js'),
  callback: () => import('./pages/callback.js'),
  'signed-in': () => import('./pages/signed-in.js'),
  'signed-out': () => import('./pages/signed-out.js'),
});

try {
  // Tabs without a lock would use one refresh token twice, which the issuer treats as theft.
  if (typeof navigator.locks?.request !== 'function') throw new Error('It needs a current browser, and https (or an address on this machine).');
  await pages[document.documentElement.dataset['page'] ?? '']?.();
} catch (error) {
  const alert = document.createElement('p');
  alert.setAttribute('role', 'alert');
  alert.className = 'notice bad';
  alert.textContent = `This page cannot start. ${error instanceof Error ? error.message : error}`;
  document.getElementById('notice')?.replaceChildren(alert);
}
