/// The name and description of a metric.
package struct MetricFamily: Sendable, Hashable {
    package let name: String
    package let help: String
    /// Upper bounds of a histogram's buckets, ascending, in the unit of the name; empty for the default buckets.
    package let buckets: [Double]

    package init(_ name: String, _ help: String, buckets: [Double] = []) {
        self.name = name
        self.help = help
        self.buckets = buckets
    }

    /// The default buckets. For names in bytes: 16 KiB to 256 MiB by factors of four; otherwise 5 ms to 10 min in seconds.
    static func usualBuckets(of name: String) -> [Double] {
        name.hasSuffix("_bytes")
            ? (0..<8).map { Double(16_384 << (2 * $0)) }
            : [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 120, 300, 600]
    }
}

extension MetricFamily {
    package static let tasks = MetricFamily("fixative_tasks", "Tasks by state.")
    package static let outputs = MetricFamily(
        "fixative_outputs", "Outputs by state: the queue, and ended outputs (archived or unavailable).")
    package static let archived = MetricFamily("fixative_archived_outputs", "Archived outputs by verdict.")
    package static let mismatched = MetricFamily(
        "fixative_mismatched_outputs", "Archived outputs that are not what was requested, or not a whole picture.")
    package static let archivedBytes = MetricFamily("fixative_archived_bytes", "Bytes of the originals of archived outputs.")
    package static let nearestDeadline = MetricFamily(
        "fixative_nearest_deadline_seconds",
        "Seconds until the nearest deadline of a waiting output; negative after it, +Inf when no output waits.")
    package static let outputsAtRisk = MetricFamily(
        "fixative_at_risk_outputs", "Waiting outputs with little time before their deadline; counted up to 100000.")
    package static let tasksAtRisk = MetricFamily(
        "fixative_at_risk_tasks", "Waiting tasks with little time before their deadline; counted up to 100000.")
    package static let failingOutputs = MetricFamily(
        "fixative_failing_outputs", "Outputs that are retried after a failure, by cause of the failure: vendor, ours or unknown.")
    package static let failingTasks = MetricFamily(
        "fixative_failing_tasks", "Tasks that are read again after a failure, by cause of the failure: vendor, ours or unknown.")
    package static let catalogUp = MetricFamily("fixative_catalog_up", "Whether the catalog answered this scrape.")

    package static let discovered = MetricFamily("fixative_discovered_tasks_total", "New tasks found by the sources.")
    package static let ended = MetricFamily(
        "fixative_ended_outputs_total", "Outputs that this process has ended, by outcome: match, mismatch or unavailable.")
    package static let endedTasks = MetricFamily(
        "fixative_ended_tasks_total", "Tasks that this process has ended without a picture, by state.")
    package static let stages = MetricFamily(
        "fixative_stage_duration_seconds",
        "Time of each successful stage: resolve (one call for up to 50 tasks), download, inspect, file.")
    package static let downloadedBytes = MetricFamily("fixative_downloaded_bytes_total", "Bytes of complete downloads.")
    package static let delivery = MetricFamily("fixative_delivery_bytes", "Sizes of complete downloads.")
    package static let retries = MetricFamily(
        "fixative_retries_total", "Failed tries that are retried, by object (output, task, call) and cause.")
    package static let storeErrors = MetricFamily(
        "fixative_store_errors_total", "Failures of the archive's own stores: blobs or catalog.")
    package static let sweeps = MetricFamily("fixative_sweeps_total", "Sweeps of the account by outcome: good or failed.")
    package static let lastGoodSweep = MetricFamily(
        "fixative_last_good_sweep_timestamp_seconds", "Unix time of the last sweep that read the account's whole list.")

    package static let hooks = MetricFamily(
        "fixative_hooks_total",
        "Callbacks of the upstream, by outcome: taken, refused (wrong secret), malformed, too_large or failed (not stored)."
    )
    package static let requests = MetricFamily(
        "fixative_http_requests_total", "Requests to this service by method, route pattern and status class.")
    package static let requestTime = MetricFamily(
        "fixative_http_request_duration_seconds", "Time from a request's head to its answer's head, by route pattern.")

    package static let notices = MetricFamily(
        "fixative_notifications_total",
        "Notifications by outcome: delivered, failed (retried later), given_up or dropped (too many waited).")
    package static let noticesWaiting = MetricFamily(
        "fixative_notifications_waiting", "Notifications that wait to be delivered.")

    package static let build = MetricFamily("fixative_build_info", "Always 1, with the version as a label.")
    package static let residentMemory = MetricFamily(
        "process_resident_memory_bytes", "Resident memory of the process.")
    package static let openFiles = MetricFamily("process_open_fds", "Open file descriptors.")
    package static let startTime = MetricFamily("process_start_time_seconds", "Start time of the process, in Unix time.")

    /// Every metric of the service.
    package static let all = [
        tasks, outputs, archived, mismatched, archivedBytes, nearestDeadline, outputsAtRisk, tasksAtRisk, failingOutputs,
        failingTasks, catalogUp, discovered,
        ended, endedTasks, stages, downloadedBytes, delivery, retries, storeErrors, sweeps, lastGoodSweep, hooks, requests,
        requestTime, notices, noticesWaiting, build, residentMemory, openFiles, startTime,
    ]
}
