/* Attribute `platform`: the machine a run was made on, its cloud and its container limits. Reads files, opens no socket. */

#include <stdlib.h>
#include <string.h>
#include <sys/utsname.h>
#include <unistd.h>

#include "exec_private.h"

enum { SMALL_FILE_MAX = 4 << 20 };

static char *read_line(const char *dir, const char *name)
{
	char *path = guild_path_join(dir, name);
	struct guild_buf text = {0};
	char *out = NULL;
	if (guild_file_read(path, SMALL_FILE_MAX, &text, NULL) == 0) {
		struct guild_str s =
			guild_str_trim(guild_str_n(text.p, text.n ? strcspn(text.p, "\n") : 0));
		out = s.n > 0 ? guild_strndup(s.p, s.n) : NULL;
	}
	guild_buf_fini(&text);
	free(path);
	return out;
}

/* ---- cloud ------------------------------------------------------------------------------------------- */

/* What the firmware says on virtual machines of each provider. */
static const struct {
	const char *file;
	const char *part;
	const char *provider;
} dmi_marks[] = {
	{"sys_vendor", "Amazon EC2", "aws"},
	{"bios_version", "amazon", "aws"},
	{"product_name", "Google Compute Engine", "gcp"},
	{"chassis_asset_tag", "7783-7084-3265-9085-8269-3286-77", "azure"},
	{"chassis_asset_tag", "OracleCloud", "oracle"},
	{"sys_vendor", "Alibaba Cloud", "alibaba"},
	{"sys_vendor", "Tencent Cloud", "tencent"},
	{"sys_vendor", "DigitalOcean", "digitalocean"},
	{"sys_vendor", "Hetzner", "hetzner"},
	{"sys_vendor", "Scaleway", "scaleway"},
	{"sys_vendor", "Vultr", "vultr"},
	{"sys_vendor", "OpenStack", "openstack"},
};

/* Variables that services set in the jobs they run. */
static const struct {
	const char *variable;
	const char *provider;
} env_marks[] = {
	{"SM_CURRENT_INSTANCE_TYPE", "aws"},
	{"AWS_EXECUTION_ENV", "aws"},
	{"AWS_BATCH_JOB_ID", "aws"},
	{"CLOUD_ML_JOB_ID", "gcp"},
	{"COLAB_RELEASE_TAG", "colab"},
	{"KAGGLE_KERNEL_RUN_TYPE", "kaggle"},
	{"AZUREML_RUN_ID", "azure"},
	{"RUNPOD_POD_ID", "runpod"},
	{"CODESPACES", "github-codespaces"},
	{"GITHUB_ACTIONS", "github-actions"},
};

static const char *const type_variables[] = {
	"SM_CURRENT_INSTANCE_TYPE", "INSTANCE_TYPE", "EC2_INSTANCE_TYPE"};
static const char *const region_variables[] = {
	"AWS_REGION", "AWS_DEFAULT_REGION", "CLOUD_ML_REGION"};

static const char *first_set(char *const *env, const char *const *names, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		const char *value = guild_env_get(env, names[i]);
		if (value && *value) {
			return value;
		}
	}
	return NULL;
}

/* What cloud-init learned at boot; it has the instance type where the firmware has not. */
static void read_cloud_init(struct guild_arena *a, const char *path, struct guild_value *cloud)
{
	struct guild_buf text = {0};
	struct guild_value *v = NULL;
	if (guild_file_read(path, SMALL_FILE_MAX, &text, NULL) == 0 &&
		guild_json_parse(a, guild_buf_str(&text), path, &v, NULL) == 0) {
		const struct guild_value *v1 = guild_value_get(v, "v1");
		const struct guild_value *meta =
			guild_value_get(guild_value_get(v, "ds"), "meta_data");
		static const char *const type_keys[] = {
			"instance-type", "instance_type", "machine-type", "vmSize"};
		const char *name = guild_value_text(guild_value_get(v1, "cloud_name"));
		const char *region = guild_value_text(guild_value_get(v1, "region"));
		if (name && strcmp(name, "none") != 0 && !guild_value_get(cloud, "provider")) {
			guild_value_set(a, cloud, "provider", guild_value_string(a, name));
		}
		if (region && !guild_value_get(cloud, "region")) {
			guild_value_set(a, cloud, "region", guild_value_string(a, region));
		}
		for (size_t i = 0; i < GUILD_ARRAY_LEN(type_keys); i++) {
			const char *type = guild_value_text(guild_value_get(meta, type_keys[i]));
			if (type && !guild_value_get(cloud, "instance_type")) {
				guild_value_set(a, cloud, "instance_type",
					guild_value_string(a, type));
			}
		}
	}
	guild_buf_fini(&text);
}

struct guild_value *guild_cloud_record(struct guild_arena *a, char *const *env, const char *root)
{
	struct guild_value *cloud = guild_value_dict(a);
	char *dmi = guild_path_join(root, "sys/class/dmi/id");
	const char *provider = NULL;
	for (size_t i = 0; i < GUILD_ARRAY_LEN(dmi_marks) && !provider; i++) {
		char *text = read_line(dmi, dmi_marks[i].file);
		if (text && strstr(text, dmi_marks[i].part)) {
			provider = dmi_marks[i].provider;
		}
		free(text);
	}
	char *product = provider ? read_line(dmi, "product_name") : NULL;
	free(dmi);
	for (size_t i = 0; i < GUILD_ARRAY_LEN(env_marks) && !provider; i++) {
		const char *value = guild_env_get(env, env_marks[i].variable);
		if (value && *value) {
			provider = env_marks[i].provider;
		}
	}
	if (provider) {
		guild_value_set(a, cloud, "provider", guild_value_string(a, provider));
	}
	const char *type = first_set(env, type_variables, GUILD_ARRAY_LEN(type_variables));
	if (!type && provider && strcmp(provider, "aws") == 0 && product && strchr(product, '.')) {
		type = product; /* Nitro machines are named after their type */
	}
	if (type) {
		guild_value_set(a, cloud, "instance_type", guild_value_string(a, type));
	}
	const char *region =
		provider ? first_set(env, region_variables, GUILD_ARRAY_LEN(region_variables))
			 : NULL;
	if (region) {
		guild_value_set(a, cloud, "region", guild_value_string(a, region));
	}
	free(product);
	char *cloud_init = guild_path_join(root, "run/cloud-init/instance-data.json");
	read_cloud_init(a, cloud_init, cloud);
	free(cloud_init);
	return cloud->n > 0 ? cloud : NULL;
}

/* ---- container ----------------------------------------------------------------------------------------- */

static const char *container_kind(char *const *env, const char *root)
{
	static const struct {
		const char *file;
		const char *kind;
	} files[] = {{".dockerenv", "docker"}, {"run/.containerenv", "podman"}};
	if (guild_env_get(env, "KUBERNETES_SERVICE_HOST")) {
		return "kubernetes";
	}
	if (guild_env_get(env, "APPTAINER_NAME") || guild_env_get(env, "SINGULARITY_NAME")) {
		return "apptainer";
	}
	for (size_t i = 0; i < GUILD_ARRAY_LEN(files); i++) {
		char *path = guild_path_join(root, files[i].file);
		bool found = guild_file_exists(path);
		free(path);
		if (found) {
			return files[i].kind;
		}
	}
	return NULL;
}

struct guild_value *guild_container_record(struct guild_arena *a, char *const *env,
	const char *root)
{
	struct guild_value *v = guild_value_dict(a);
	const char *kind = container_kind(env, root);
	if (kind) {
		guild_value_set(a, v, "kind", guild_value_string(a, kind));
	}
	struct guild_container_limits limits = guild_container_limits_read(root);
	if (limits.cpus >= 0) {
		guild_value_set(a, v, "cpus", guild_value_float(a, limits.cpus));
	}
	if (limits.memory_bytes >= 0) {
		guild_value_set(a, v, "memory", guild_value_int(a, limits.memory_bytes));
	}
	return v->n > 0 ? v : NULL;
}

/* ---- the record ------------------------------------------------------------------------------------------- */

struct guild_value *guild_platform_record(struct guild_arena *a, const struct guild_python *py,
	char *const *env)
{
	struct guild_value *v = guild_value_dict(a);
	struct utsname u;
	memset(&u, 0, sizeof(u));
	(void)uname(&u);
	guild_value_set(a, v, "architecture",
		guild_value_string(a, sizeof(void *) == 8 ? "64bit ELF" : "32bit ELF"));
	guild_value_set(a, v, "cpus", guild_value_int(a, sysconf(_SC_NPROCESSORS_ONLN)));
	guild_value_set(a, v, "processor", guild_value_string(a, ""));
	guild_value_set(a, v, "python_version",
		guild_value_string(a, py && py->full_version ? py->full_version : ""));
	/* Six fields as Python's platform.uname(), the last (processor) empty. */
	guild_value_set(a, v, "uname",
		guild_value_string(a, guild_arena_format(a, "%s %s %s %s %s ", u.sysname,
					      u.nodename, u.release, u.version, u.machine)));
	struct guild_value *cloud = guild_cloud_record(a, env, "/");
	struct guild_value *container = guild_container_record(a, env, "/");
	if (cloud) {
		guild_value_set(a, v, "cloud", cloud);
	}
	if (container) {
		guild_value_set(a, v, "container", container);
	}
	return v;
}
