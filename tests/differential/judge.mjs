import { readFile } from 'node:fs/promises';

// Reads the file in the argument and prints one opinion per input. `judge` returns it, or throws a refusal.
export async function main(judge) {
  const { settings, inputs } = JSON.parse(await readFile(process.argv[2], 'utf8'));
  const lines = [];
  for (const input of inputs) {
    let opinion;
    try {
      opinion = await judge(input, settings) ?? { outcome: 'accepted' };
    } catch (error) {
      const reason = `${error?.code ?? error?.name ?? 'error'}: ${error?.message ?? error}`;
      opinion = { outcome: 'refused', reason: reason.slice(0, 200).toWellFormed() };
    }
    lines.push(JSON.stringify(opinion));
  }
  console.log(lines.join('\n'));
}

// The clock of judges that have no setting for it.
export function stopClock(seconds) {
  Date.now = () => seconds * 1000;
}
