// Asks the server. The names are those of its /api; an answer that is no success is an Error in words.

async function ask(path, options = {}) {
  const answer = await fetch(path, { cache: "no-store", ...options });
  if (answer.ok) return answer;
  const said = await answer.json().catch(() => ({}));
  throw new Error(said.error ?? `the server answered ${answer.status}`);
}

const askJson = async (path) => (await ask(path)).json();

// The server refuses a POST without this field: a page of another origin cannot add it unasked.
const post = async (path, body) =>
  (
    await ask(path, {
      method: "POST",
      headers: { "X-Tinyhttpd-Inspector": "1", "Content-Type": "application/json" },
      body: JSON.stringify(body ?? {}),
    })
  ).json();

export const getServer = () => askJson("api/server");
export const getExchanges = (since) => askJson(`api/exchanges?since=${since}`);
export const getExchange = (id) => askJson(`api/exchanges/${id}`);
export const getExport = async (id, ending) => (await ask(`api/exchanges/${id}.${ending}`)).text();
export const exportPath = (id, ending) => `api/exchanges/${id}.${ending}`;
export const replay = (id) => post(`api/exchanges/${id}/replay`);
export const getStep = () => askJson("api/step");
export const setStep = (stops, prefix) => post("api/step", { stops, prefix });
export const letGo = () => post("api/step/go");
