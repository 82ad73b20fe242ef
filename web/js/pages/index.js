import { showPage } from '../page.js';
import { StateList } from '../state-list.js';

const list = new StateList();
await showPage({ load: () => list.load() });
