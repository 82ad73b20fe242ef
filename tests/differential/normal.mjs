// JSON with sorted members, as this project's tests write it.
export function normal(value) {
  if (Array.isArray(value)) return `[${value.map(normal).join(',')}]`;
  if (value === null || typeof value !== 'object') return JSON.stringify(value === 0 ? 0 : value);
  const bytes = (name) => Buffer.from(name);
  const names = Object.keys(value).sort((a, b) => Buffer.compare(bytes(a), bytes(b)));
  return `{${names.map((name) => `${JSON.stringify(name)}:${normal(value[name])}`).join(',')}}`;
}
