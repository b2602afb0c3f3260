// What pictures say about themselves in signed manifests. Of a manifest that does not hold, nothing is shown but a warning.

const credentialKinds = new Map(start.credentials.map((kind) => [kind.id, kind]));

/** The `id` of one of the kinds; empty if the picture was never checked. */
const credentialsKind = ({ credentials }) => {
  if (!credentials) return "";
  const isSigned = credentials.state === "valid" || credentials.state === "trusted";
  return isSigned && credentials.coversPicture === false ? "partial" : credentials.state;
};

const isBelieved = (row) => Boolean(credentialKinds.get(credentialsKind(row))?.isShown);
const signerOf = (row) => (isBelieved(row) ? row.credentials.signer : undefined);
const agentOf = (row) => (isBelieved(row) ? row.credentials.agent : undefined);

const signedMark = () => make("span", { class: "signed" }, make("span", { class: "quiet" }, ", signed"));

const signingText = ({ signedAt, clock, timeAuthority }) => {
  if (!signedAt || !clock) return "No time stamp";
  return `${timeText(signedAt)}, ${start.clocks[clock]}${timeAuthority ? ` (${timeAuthority})` : ""}`;
};

/** The elements of the viewer: a section, a warning, or nothing. */
const credentialsOf = (row) => {
  const words = credentialKinds.get(credentialsKind(row));
  if (!words || words.id === "absent") return [];
  if (!words.isShown) return [make("p", { class: "says doubt", role: "note" }, make("span", { class: "badge bad" }, words.label), ` ${words.explanation}`)];
  const { credentials } = row;
  const list = make("dl");
  for (const [label, value] of [
    ["Signed by", credentials.signer ?? "A certificate without a name"],
    ["Made with", credentials.agent ?? "Not stated"],
    ["Signed at", signingText(credentials)],
    ["Invalid from", credentials.turnsInvalidAt ? `${timeText(credentials.turnsInvalidAt)}, for an ordinary checker` : "Not limited"],
  ]) list.append(make("div", {}, make("dt", {}, label), make("dd", { dir: "auto" }, value)));
  return [make("section", { class: "says", "aria-labelledby": "says" },
    make("h2", { id: "says" }, "What this picture says about itself"),
    make("p", {}, make("span", { class: "badge good" }, words.label), ` ${words.explanation}`),
    list)];
};
