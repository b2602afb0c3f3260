/// The content of an actions assertion, of version 1 (`c2pa.actions`) or 2 (`c2pa.actions.v2`) (specification 2.4, 18.15).
struct Actions: Sendable {
    /// Actions that need an ingredient, with the relationship that it must have.
    static let relationships = ["c2pa.opened": "parentOf", "c2pa.placed": "componentOf", "c2pa.removed": "componentOf"]
    /// Actions that begin a history. A standard manifest has exactly one, as its first.
    static let beginnings: Set<String> = ["c2pa.created", "c2pa.opened"]
    /// Actions that an update manifest may have (specification, 11.2.3).
    static let updates: Set<String> = ["c2pa.edited.metadata", "c2pa.opened", "c2pa.published", "c2pa.redacted"]

    let items: [CBORValue]
    private let agents: [CBORValue]

    /// - Returns: `nil` where the assertion has no list of actions with names.
    init?(_ content: CBORValue?, limits: CredentialLimits) {
        guard let items = content?["actions"]?.array, (1...limits.actions).contains(items.count),
            items.allSatisfy({ $0["action"]?.text != nil })
        else { return nil }
        self.items = items
        agents = content?["softwareAgents"]?.array ?? []
    }

    static func name(_ action: CBORValue) -> String {
        action["action"]?.text ?? ""
    }

    /// The references to ingredients: `ingredients`, or `ingredient` of version 1. `nil` where the action has none.
    static func ingredients(_ action: CBORValue) -> [HashedURI?]? {
        guard let parameters = action["parameters"] else { return nil }
        if let several = parameters["ingredients"] {
            return several.array.map { $0.map { HashedURI($0) } } ?? []
        }
        return parameters["ingredient"].map { [HashedURI($0)] }
    }

    func facts(limits: CredentialLimits) -> [ActionFacts] {
        let shown = { (text: String?) in text.map { String($0.prefix(limits.textCharacters)) } }
        return items.map { action in
            let index = action["softwareAgentIndex"]?.integer.flatMap(Int.init(exactly:))
            let agent = action["softwareAgent"] ?? index.flatMap { agents.indices.contains($0) ? agents[$0] : nil }
            return ActionFacts(
                action: String(Self.name(action).prefix(limits.textCharacters)),
                agent: shown(agent?.text ?? agent?["name"]?.text),
                agentVersion: shown(agent?["version"]?.text), when: shown(action["when"]?.untaggedText),
                digitalSourceType: shown(action["digitalSourceType"]?.untaggedText))
        }
    }
}
