package import ArchiveModel
import ArgumentParser
import Catalog

extension CredentialFacts.State: ExpressibleByArgument {}

/// Filters of a list by what pictures say about themselves.
struct CredentialFilterOptions: ParsableArguments {
    @Option(
        help: ArgumentHelp(
            "Only pictures with valid credentials of this signer, named as in 'provenance --by signer'.", valueName: "name"))
    var signer: String?

    @Option(
        help: ArgumentHelp(
            "Only pictures with valid credentials that name this software, as in 'provenance --by agent'.", valueName: "name"))
    var agent: String?

    @Option(
        help: ArgumentHelp(
            "Only pictures whose credentials had this state when they were archived.", valueName: "state"))
    var credentials: CredentialFacts.State?

    var isSet: Bool { signer != nil || agent != nil || credentials != nil }

    func narrow(_ query: inout EntryQuery) {
        (query.signer, query.agent, query.credentials) = (signer, agent, credentials)
    }
}
