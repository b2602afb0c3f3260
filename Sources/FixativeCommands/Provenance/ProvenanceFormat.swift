import ArgumentParser

/// The formats of what one picture says about itself.
enum ProvenanceFormat: String, CaseIterable, ExpressibleByArgument {
    case table, json, crjson
}
