export {};

// The one script that a page names. What fails before there is a page to show it on is told here.
const pages = /** @type {Record<string, () => Promise<unknown>>} */ ({
  index: () => import('./pages/index.js'),
  state: () => import('./pages/state.js'),
  callback: () => import('./pages/callback.js'),
  'signed-out': () => import('./pages/signed-out.js'),
});

try {
  // Tabs that cannot take turns would use one refresh token twice, which the issuer takes for theft.
  if (typeof navigator.locks?.request !== 'function') throw new Error('It needs a current browser, and https or this machine.');
  await pages[document.documentElement.dataset['page'] ?? '']?.();
} catch (error) {
  const told = document.createElement('p');
  told.setAttribute('role', 'alert');
  told.className = 'notice bad';
  told.textContent = `This page cannot start. ${error instanceof Error ? error.message : error}`;
  document.getElementById('notice')?.replaceChildren(told);
}
