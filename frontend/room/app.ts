/** The island's parts, wired. Components get this one object. */
import { computed, signal } from "@preact/signals";
import { browser, Connection, type Surroundings } from "./connection";
import { t } from "./i18n";
import { call } from "./later";
import type { Outbox } from "./outbox";
import type { AgreementBrief, Boot, CaseView, PartyView, Role } from "./protocol";
import { Sender } from "./sender";
import { Store } from "./store";

export class App {
  readonly connection: Connection;
  readonly sender: Sender;
  readonly store: Store;
  /** The case as the API tells it; null until asked for. */
  readonly view = signal<CaseView | null>(null);
  readonly agreement = signal<AgreementBrief | null>(null);
  readonly stateLabel = signal("");
  readonly sheet = signal(false);
  /** The room shown on the phone, or in the second column of the desk. */
  readonly chosen = signal("");
  readonly wide = signal(true);
  readonly layout = computed(() => (this.boot.layout === "desk" && this.wide.value ? "desk" : "phone"));
  /** Puts a text back into the composer of a room. */
  readonly refill = new Map<string, (text: string) => void>();
  private asking: ReturnType<typeof setTimeout> | undefined;

  constructor(
    readonly boot: Boot,
    readonly outbox: Outbox,
    around: Surroundings = browser(),
  ) {
    const send = (frame: Parameters<Connection["send"]>[0]) => this.connection.send(frame);
    this.sender = new Sender(outbox, send);
    this.store = Store.from(boot, outbox, this.sender, send);
    this.connection = new Connection(
      {
        up: () => this.store.onUp(),
        down: () => this.store.onDown(),
        receive: (frame) => this.store.receive(frame),
        tooBig: () => this.sender.tooBig(),
      },
      around,
      boot.me.id,
    );
    this.sender.signedOut = (why) => (this.connection.stopped.value = why);
    this.agreement.value = boot.agreement;
    this.stateLabel.value = boot.case.state_label;
    const desk = boot.layout === "desk";
    const first = boot.rooms.find((room) => desk !== (room.kind === "joint")) || boot.rooms[0];
    this.chosen.value = first ? first.id : "";
    // Everybody in the room hears of a change at once; they need not all ask in the same moment.
    this.store.onChanged = () => {
      clearTimeout(this.asking);
      this.asking = setTimeout(() => void this.refresh(), 200 + Math.random() * 800);
    };
  }

  /** Asks for the case and shows what it says. False when it could not be had. */
  async refresh(): Promise<boolean> {
    const { data } = await call<CaseView>("GET", "/api/v1/cases/" + encodeURIComponent(this.boot.case.id));
    if (!data) return false;
    this.view.value = data;
    this.stateLabel.value = data.state_label;
    if (data.rooms) this.store.admit(data.rooms);
    const agreement = data.agreement;
    this.agreement.value = agreement ? { ...brief(agreement), ...{ id: agreement.id, state: agreement.state } } : null;
    return true;
  }
}

/** How far an agreement is, from the server's own count or else from the answers. */
function brief(agreement: NonNullable<CaseView["agreement"]>): Omit<AgreementBrief, "id" | "state"> {
  const { clauses, accepted, total, my_turn } = agreement;
  const parties = new Set<string>();
  clauses.forEach((clause) => clause.answers.forEach((answer) => parties.add(answer.party)));
  const agreed = clauses.filter(
    ({ answers }) => answers.length >= Math.max(2, parties.size) && answers.every((a) => a.answer === "accept"),
  );
  return { accepted: accepted ?? agreed.length, total: total ?? clauses.length, my_turn: my_turn || false };
}

/** The party for whom the reader speaks, if any. */
export function ownParty(app: App): PartyView | undefined {
  const parties = app.view.value ? app.view.value.parties : [];
  return parties.find((party) => party.me || party.id === app.boot.me.id || party.person === app.boot.me.id);
}

export function roleLabel(role: Role): string {
  switch (role) {
    case "applicant":
      return t("申请人");
    case "respondent":
      return t("被申请人");
    case "agent":
      return t("代理人");
    case "mediator":
      return t("调解员");
    case "clerk":
      return t("工作人员");
    default:
      return t("受邀人");
  }
}
